"""What every engine says of the ways to see a guest: the window of its display (sdl=1), which no engine opens itself (a
guest outlives whoever looks at it, and its QEMU has no right to anybody's display), and the password of VNC.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from xenia.engines.remarks import note, warning
from xenia.model.complaint import Complaint
from xenia.model.display import PASSWORD_LENGTH, Display, VncRules


def explain_window(display: Display) -> Iterator[Complaint]:
    """What is different about it."""
    if display.sdl:
        yield note(
            "sdl",
            "the window of sdl is that of a VNC viewer: xm create and xm start open it where they are used",
            "later, or elsewhere: xm vncviewer DOMAIN",
        )
    if display.opengl:
        yield note("opengl", "opengl has no effect: the window is that of a VNC viewer")


def explain_password(display: Display, rules: VncRules) -> Iterator[Complaint]:
    """What is weak about it, and what needs one."""
    if display.rdp and not rules.password_of(display) and not _is_loopback(rules.rdp_listen):
        yield warning(
            "rdp",
            f"it is not shown over RDP: it has no password, and {rules.rdp_listen} can be reached from elsewhere",
            "vncpasswd = 'PASSWORD', or rdp_listen = 127.0.0.1 in xend.toml",
        )
    if (display.vnc or display.rdp) and len(rules.password_of(display).encode()) > PASSWORD_LENGTH:
        yield warning(
            "vncpasswd",
            f"only the first {PASSWORD_LENGTH} characters of the VNC password count",
            "VNC passwords are weak: let VNC listen on 127.0.0.1 only and reach it through SSH, or set vnc_tls",
        )


def _is_loopback(address: str) -> bool:
    return ip_address("127.0.0.1" if address == "localhost" else address.strip("[]")).is_loopback
