"""vfb: VGA or paravirtual framebuffer, and VNC.

Debian's QEMU for Xen has no VNC passwords, no TLS, no windows and no sandbox; whoever reaches its VNC is the guest's
operator. So it listens where only the host itself gets to, whatever the guest file says, and where a password or TLS is
asked for it does not listen at all: a relay does (xenia.screen), where the guest file says.
"""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import note
from xenia.engines.viewing import explain_password, explain_window
from xenia.engines.xen.prepared import VncDoor
from xenia.engines.xen.xlcfg import Settings, words
from xenia.model.complaint import Complaint
from xenia.model.display import Display, VgaModel, VncRules
from xenia.model.domain import DomainConfig, Kind

LISTEN = "127.0.0.1"
_LOOPBACK = (None, LISTEN, "localhost", "::1")

_LAST_UNUSED = 99
"""The last display to which libxl lets QEMU move on (libxl_dm.c: `to=99`); beyond it QEMU would find none at all."""

_VGA = {VgaModel.CIRRUS: "cirrus", VgaModel.STANDARD: "stdvga", VgaModel.QXL: "qxl", VgaModel.NONE: "none"}
_LEAST_VIDEO_RAM = {VgaModel.CIRRUS: 8, VgaModel.STANDARD: 16, VgaModel.QXL: 128}
"""In MiB: with less libxl starts no guest (libxl_create.c)."""

KEYMAPS = frozenset(
    {
        "ar", "bepo", "cz", "da", "de", "de-ch", "en-gb", "en-us", "es", "et", "fi", "fo", "fr", "fr-be", "fr-ca",
        "fr-ch", "hr", "hu", "is", "it", "ja", "lt", "lv", "mk", "nl", "no", "pl", "pt", "pt-br", "ru", "sl", "sv",
        "th", "tr",
    }
)  # fmt: skip
"""QEMU's own (Debian's package qemu-system-data); it would read another word as the path of a file."""


def _is_guarded(display: Display, rules: VncRules) -> bool:
    """Whether VNC may be used with a password, or over TLS, only."""
    return rules.tls or bool(rules.password_of(display))


def door_of(display: Display, rules: VncRules) -> VncDoor | None:
    """Where VNC listens, None for nowhere."""
    if not display.vnc or _is_guarded(display, rules):
        return None
    unused = display.vnc_display is None or (display.vnc_unused and display.vnc_display <= _LAST_UNUSED)
    return VncDoor(LISTEN, display.vnc_display, unused)


def has_screen(config: DomainConfig) -> bool:
    """Whether there is something to see: xend shows it (screen.py) where VNC is not open, too."""
    display = config.display
    return display.vga is not VgaModel.NONE if config.kind is Kind.HVM else display.vnc or display.sdl or display.rdp


def display_settings(config: DomainConfig, door: VncDoor | None) -> Settings:
    """The card of an HVM guest, or the framebuffer of another one that has a screen."""
    display = config.display
    shut: dict[str, str | int] = {"vnc": 0}  # without a word xl opens VNC
    if config.kind is not Kind.HVM:
        return {"vfb": [words((_door_words(door) if door else shut) | _keymap(display))]} if has_screen(config) else {}
    settings: Settings = {"vga": _VGA[display.vga]}
    if display.vga in _LEAST_VIDEO_RAM and display.video_ram:
        settings["videoram"] = max(display.video_ram, _LEAST_VIDEO_RAM[display.vga])
    settings |= _keymap(display)
    return settings | (_door_words(door) if door else shut)


def _door_words(door: VncDoor) -> dict[str, str | int]:
    return {"vnc": 1, "vnclisten": door.listen, "vncdisplay": door.display or 0, "vncunused": int(door.unused)}


def _keymap(display: Display) -> dict[str, str | int]:
    return {"keymap": display.keymap} if display.keymap in KEYMAPS else {}


def explain_display(config: DomainConfig, rules: VncRules) -> Iterator[Complaint]:
    """What of the display is different here."""
    display = config.display
    if (display.vnc and _is_guarded(display, rules)) or display.rdp:
        yield from explain_password(display, rules)
    if display.vnc and not _is_guarded(display, rules):
        yield from _explain_own_door(display)
    yield from explain_window(display)
    if display.keymap and display.keymap not in KEYMAPS:
        yield note("keymap", f"keymap={display.keymap!r} is not known and has no effect", "as in keymap = 'de'")
    yield from _explain_video_ram(config)


def _explain_own_door(display: Display) -> Iterator[Complaint]:
    if display.vnc_listen not in _LOOPBACK:
        yield note(
            "vnclisten",
            f"VNC listens on {LISTEN} only, not on {display.vnc_listen}: it has neither password nor TLS",
            "vncpasswd = 'PASSWORD' has it listen there; or reach it through SSH: ssh -L 5900:127.0.0.1:5900 HOST",
        )
    if not display.vnc_unused and display.vnc_display is None:
        yield note(
            "vncunused",
            "vncunused=0 without a vncdisplay has no effect: the first free display is taken",
            "vncdisplay = 3 for a display that stays the same",
        )
    if display.vnc_unused and (display.vnc_display or 0) > _LAST_UNUSED:
        yield note("vncunused", f"vncunused has no effect: Xen's tools look for a free display up to {_LAST_UNUSED}")


def _explain_video_ram(config: DomainConfig) -> Iterator[Complaint]:
    display = config.display
    least = _LEAST_VIDEO_RAM.get(display.vga, 0)
    if config.kind is Kind.HVM and display.video_ram and display.video_ram < least:
        yield note("videoram", f"videoram={display.video_ram} becomes {least}: the least that Xen gives this VGA card")
