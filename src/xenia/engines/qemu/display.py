"""vfb: VGA and VNC."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.qemu.argv import CommandLine, doubled
from xenia.engines.qemu.machine import SLOT_VGA
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.remarks import note
from xenia.engines.viewing import explain_password, explain_window
from xenia.model.complaint import Complaint
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig

FIRST_PORT = 5900

_DEVICES = {VgaModel.CIRRUS: "cirrus-vga", VgaModel.STANDARD: "VGA", VgaModel.QXL: "qxl-vga"}


def vga_of(display: Display) -> VgaModel:
    """The card: a framebuffer without one (vfb of a PV guest) is a standard VGA here."""
    if display.vga is VgaModel.NONE and (display.vnc or display.sdl or display.rdp):
        return VgaModel.STANDARD
    return display.vga


def listen_of(display: Display, settings: QemuSettings) -> str:
    """The address VNC listens at, as it stands before a colon."""
    address = settings.vnc.listen_of(display)
    return f"[{address}]" if ":" in address else address


def has_port(display: Display, settings: QemuSettings) -> bool:
    """Whether QEMU itself listens for viewers. Its TLS would take a key that the guest's user can read."""
    return display.vnc and not settings.vnc.tls


def wished_display(display: Display, domid: int) -> int:
    """The display tried first: the one wished for; else the first of all, or, where it may not move on, the domain id
    as xm had it.
    """
    if display.vnc_display is not None:
        return display.vnc_display
    return 0 if display.vnc_unused else domid


def add_display(line: CommandLine, config: DomainConfig, settings: QemuSettings, domid: int) -> None:
    """The card and its VNC door. The password follows over the monitor: a command line can be read by everybody."""
    display = config.display
    vga = vga_of(display)
    if vga is not VgaModel.NONE:
        line.device(
            {
                "driver": _DEVICES[vga],
                "id": "vga",
                "addr": f"{SLOT_VGA:#x}",
                "vgamem_mb": _video_ram(display, vga),
            },
        )
    line.add("display", "none")
    if not has_port(display, settings):
        if vga is not VgaModel.NONE:
            line.add("vnc", "none")  # a server that listens nowhere: who is let in is handed to it (qemu/screen)
        return
    number = wished_display(display, domid)
    words = [f"{doubled(listen_of(display, settings))}:{number}"]
    if display.vnc_unused:
        words.append(f"to={max(number, 99)}")
    if settings.vnc.password_of(display):
        words.append("password=on")
    line.add("vnc", ",".join(words))


def explain_display(config: DomainConfig, settings: QemuSettings) -> Iterator[Complaint]:
    """What of the display is different here."""
    display = config.display
    yield from explain_window(display)
    if display.keymap:
        yield note(
            "keymap", f"keymap={display.keymap!r} has no effect: VNC viewers of today send keys by their position"
        )
    yield from explain_password(display, settings.vnc)


def _video_ram(display: Display, vga: VgaModel) -> int | None:
    """In MiB, a power of two within what the card can have; None for the card's own."""
    if not display.video_ram:
        return None
    least, most = (4, 16) if vga is VgaModel.CIRRUS else (1, 256)
    return min(max(1 << (display.video_ram - 1).bit_length(), least), most)
