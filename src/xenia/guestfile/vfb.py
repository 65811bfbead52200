"""vfb = [...] and the keys vnc, sdl, vnclisten ... of an HVM domain: its display."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from xenia.guestfile.bindings import Binding
from xenia.guestfile.given import Given
from xenia.model.display import Display, VgaModel
from xenia.model.domain import Kind

_WORDS = frozenset(
    {
        "type", "vnc", "sdl", "vncunused", "vncdisplay", "vnclisten", "display", "xauthority", "vncpasswd",
        "opengl", "keymap", "vncviewer", "serial", "monitor", "videoram",
    }
)  # fmt: skip
_VGA = {
    "cirrus": VgaModel.CIRRUS,
    "stdvga": VgaModel.STANDARD,
    "std": VgaModel.STANDARD,
    "qxl": VgaModel.QXL,
    "none": VgaModel.NONE,
    "": None,
}
_LISTEN = re.compile(r"(\[[0-9a-fA-F:]+\]|[^:]*):(\d{1,5})")
_MOST_DISPLAY = 59635


def read_display(given: Given, kind: Kind) -> Display:
    """The display. Words of the first vfb come before the keys of the same name; an HVM domain without a word about it
    is shown over VNC, as under xl.
    """
    said = _vfb_words(given)
    inner = _Settings(given, said)
    hvm = kind is Kind.HVM
    vnc, sdl = _doors(given, inner, said, hvm)
    listen, display = _listen(inner)
    return Display(
        vga=_vga(given) if hvm else VgaModel.NONE,
        video_ram=_video_ram(given),
        vnc=vnc,
        vnc_listen=listen,
        vnc_display=display,
        vnc_unused=inner.flag("vncunused", True),
        vnc_password=inner.text("vncpasswd"),
        sdl=sdl,
        opengl=sdl and inner.flag("opengl", False),
        keymap=inner.text("keymap") or None,
        viewer=inner.flag("vncviewer", False),
        x_display=inner.text("display") or None,
        x_authority=inner.text("xauthority") or None,
        rdp=given.flag("rdp", False) and not given.flag("nographic", False),
    )


class _Settings:
    """The words of the vfb, and below them the keys of the file."""

    def __init__(self, given: Given, said: Mapping[str, str]) -> None:
        self.given = given
        self.said = said
        self.inner = Given(given.file, {name: Binding(value) for name, value in said.items()})

    def text(self, name: str) -> str | None:
        return self.said.get(name, self.given.text(name))

    def flag(self, name: str, default: bool) -> bool:
        if name not in self.said:
            return self.given.flag(name, default)
        value = self.inner.flag(name, default)
        self._pass_on()
        return value

    def number(self, name: str) -> int | None:
        if name not in self.said:
            return self.given.number(name)
        value = self.inner.number(name)
        self._pass_on()
        return value

    def _pass_on(self) -> None:
        for complaint in self.inner.complaints:
            self.given.complain(complaint.severity, "vfb[0]", complaint.message, complaint.hint)


def _vfb_words(given: Given) -> dict[str, str]:
    items = given.items("vfb")
    said: dict[str, str] = {}
    for index, text in enumerate(items):
        for part in (part.strip() for part in text.split(",")):
            name, sign, value = (piece.strip() for piece in part.partition("="))
            if not part:
                continue
            if not sign or name not in _WORDS:
                near = difflib.get_close_matches(name[:32], sorted(_WORDS), n=1)
                words = "the words are type, vnc, vnclisten, vncdisplay, vncunused, vncpasswd, sdl, keymap"
                hint = f"did you mean {near[0]}={value}?" if sign and near else words
                given.warn(f"vfb[{index}]", f"vfb knows no {name}: it has no effect", hint)
                continue
            if name == "type" and value.lower() in ("vnc", "sdl"):
                said[value.lower()] = "1"
            elif name != "type":
                said.setdefault(name, value)
    if items and not {"vnc", "sdl"} & set(said):
        said["vnc"] = "1"
    return said


def _doors(given: Given, inner: _Settings, said: Mapping[str, str], hvm: bool) -> tuple[bool, bool]:
    """Whether there is VNC, and a window."""
    if given.flag("nographic", False):
        return False, False
    if not hvm and not said and not given.flag("vnc", False) and not given.flag("sdl", False):
        return False, False
    asked = "vnc" in said or given.has("vnc")
    sdl = inner.flag("sdl", False)
    vnc = inner.flag("vnc", False) if asked else hvm and not sdl
    return vnc, sdl


def _listen(inner: _Settings) -> tuple[str | None, int | None]:
    """Address and display; `vnclisten=ADDRESS:DISPLAY` gives both."""
    listen, display = (inner.text("vnclisten") or "").strip(), inner.number("vncdisplay")
    if (found := _LISTEN.fullmatch(listen)) is not None:
        listen, display = found[1], int(found[2]) if display is None else display
    key = "vncdisplay" if inner.given.has("vncdisplay") else "vfb[0]"
    if display is not None and not 0 <= display <= _MOST_DISPLAY:
        hint = f"vncdisplay = {display - 5900} for port {display}" if 5900 <= display < 65536 else None
        inner.given.error(key, f"{display} is no VNC display: it is the port less 5900", hint)
    elif display is not None and 5900 <= display < 6000:
        hint = f"vncdisplay = {display - 5900} for port {display}"
        inner.given.warn(key, f"VNC display {display} is port {display + 5900}", hint)
    return listen.strip("[]") or None, display


def _vga(given: Given) -> VgaModel:
    if given.flag("nographic", False):
        return VgaModel.NONE
    word = (given.word("vga") or "").lower()
    if word not in _VGA:
        given.error("vga", f"the VGA card {word} is not known", "cirrus, stdvga, qxl or none")
    standard = VgaModel.STANDARD if given.flag("stdvga", False) else VgaModel.CIRRUS
    return _VGA.get(word) or standard


def _video_ram(given: Given) -> int | None:
    size = given.number("videoram")
    if size is not None and not 0 < size <= 4096:
        given.error("videoram", f"a VGA card cannot have {size} MiB of memory", "videoram = 16")
    return size
