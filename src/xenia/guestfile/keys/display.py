"""The screen of a domain and the ways to see it."""

from __future__ import annotations

from xenia.guestfile.keys.key import Dialect, Key, KeyType, ignored, translated

_TEXT, _NUMBER, _FLAG = KeyType.TEXT, KeyType.NUMBER, KeyType.FLAG
_XM, _XL = Dialect.XM, Dialect.XL
_BY_HAND = ignored("a viewer is started by hand")
_VIEWER = translated("xm create and xm start open it, where whoever uses them has a display")
_OWN_DISPLAYS = translated("a display of the machine where xm is")
_NO_OPENGL = ignored("the window is that of a VNC viewer")
_VNC_INSTEAD = ignored("VNC is offered instead")


def _spice(name: str, type: KeyType, meaning: str, example: str) -> Key:
    return Key(name, type, None, meaning, example, _XL, _VNC_INSTEAD, _VNC_INSTEAD)


KEYS = (
    Key(
        "vfb",
        KeyType.LIST,
        (),
        "The display of a PV or PVH domain and the doors to it, in the words of the keys below",
        "vfb = ['vnc=1, vncunused=1, keymap=de']",
    ),
    Key("vnc", _FLAG, None, "Show the display over VNC; an HVM guest without a word about it does", "vnc = 1"),
    Key(
        "vnclisten",
        _TEXT,
        None,
        "Address on which VNC listens, also with :DISPLAY",
        "vnclisten = '127.0.0.1'",
        xen=translated("127.0.0.1 whatever it says where VNC has neither a password nor TLS"),
    ),
    Key("vncdisplay", _NUMBER, None, "VNC display number (port 5900 + number)", "vncdisplay = 3"),
    Key("vncunused", _FLAG, True, "Take the first free VNC display, from vncdisplay on", "vncunused = 0"),
    Key(
        "vncpasswd",
        _TEXT,
        None,
        "Password of VNC, of which eight characters count; '' asks for none",
        "vncpasswd = 'secret'",
    ),
    Key(
        "rdp",
        _FLAG,
        False,
        "Show the display to RDP clients as well, with the password of VNC (xrdp of the host)",
        "rdp = 1",
        Dialect.XENIA,
    ),
    Key("vncviewer", _FLAG, None, "Start a VNC viewer", "vncviewer = 1", qemu=_VIEWER, xen=_VIEWER),
    Key(
        "vncconsole",
        _FLAG,
        None,
        "Start a VNC viewer for a domain that xend has started",
        "vncconsole = 1",
        _XM,
        _BY_HAND,
        _BY_HAND,
    ),
    Key(
        "sdl",
        _FLAG,
        False,
        "Show the display in a window, without a port for VNC",
        "sdl = 1",
        qemu=_VIEWER,
        xen=_VIEWER,
    ),
    Key(
        "opengl",
        _FLAG,
        False,
        "Let the window use OpenGL",
        "opengl = 1",
        qemu=_NO_OPENGL,
        xen=_NO_OPENGL,
    ),
    Key(
        "display",
        _TEXT,
        None,
        "X display of the window; without it that of whoever uses xm",
        "display = ':0'",
        qemu=_OWN_DISPLAYS,
        xen=_OWN_DISPLAYS,
    ),
    Key(
        "xauthority",
        _TEXT,
        None,
        "X authority of the window; without it that of whoever uses xm",
        "xauthority = '/root/.Xauthority'",
    ),
    Key("nographic", _FLAG, False, "No display at all", "nographic = 1"),
    Key("stdvga", _FLAG, False, "A standard VGA card instead of a Cirrus one", "stdvga = 1"),
    Key("vga", _TEXT, "cirrus", "The VGA card: cirrus, stdvga, qxl, none", "vga = 'stdvga'", _XL),
    Key("videoram", _NUMBER, None, "Memory of the VGA card in MiB, rounded to what the card can have", "videoram = 16"),
    Key(
        "keymap",
        _TEXT,
        None,
        "Keyboard layout of VNC",
        "keymap = 'de'",
        qemu=ignored("VNC viewers of today send keys by their position"),
    ),
    _spice("spice", _FLAG, "Show the display over SPICE", "spice = 1"),
    _spice("spicehost", _TEXT, "Address on which SPICE listens", "spicehost = '127.0.0.1'"),
    _spice("spiceport", _NUMBER, "Port of SPICE", "spiceport = 6000"),
    _spice("spicetls_port", _NUMBER, "Port of SPICE with TLS", "spicetls_port = 6001"),
    _spice("spicedisable_ticketing", _FLAG, "SPICE asks for no password", "spicedisable_ticketing = 1"),
    _spice("spicepasswd", _TEXT, "Password of SPICE", "spicepasswd = 'secret'"),
    _spice("spiceagent_mouse", _FLAG, "The SPICE agent moves the mouse", "spiceagent_mouse = 0"),
    _spice("spicevdagent", _FLAG, "Offer the SPICE agent to the guest", "spicevdagent = 1"),
    _spice("spice_clipboard_sharing", _FLAG, "Copy and paste over SPICE", "spice_clipboard_sharing = 1"),
    _spice("spiceusbredirection", _NUMBER, "USB devices of the viewer for the guest", "spiceusbredirection = 4"),
    _spice("spice_image_compression", _TEXT, "How SPICE compresses images", "spice_image_compression = 'auto_glz'"),
    _spice("spice_streaming_video", _TEXT, "How SPICE sends video", "spice_streaming_video = 'filter'"),
)
