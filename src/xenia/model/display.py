"""vfb: what a domain shows, and the ways to see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VgaModel(StrEnum):
    CIRRUS = "cirrus"
    STANDARD = "std"
    QXL = "qxl"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Display:
    """The display of a domain: a VGA card or paravirtual framebuffer and its doors.

    `vnc_display` is the display number wished for (port 5900 + number), None for any; `vnc_unused` lets a taken or
    absent number move on to the first free one. `vnc_password` "" means that VNC asks for none; None that the host's
    default holds.

    `sdl` and `viewer` (vncviewer=1) ask for a window where xm is, on the X display `x_display` with the cookies of the
    file `x_authority`; None for those that whoever uses xm has.
    """

    vga: VgaModel = VgaModel.NONE
    video_ram: int | None = None
    vnc: bool = False
    vnc_listen: str | None = None
    vnc_display: int | None = None
    vnc_unused: bool = True
    vnc_password: str | None = None
    sdl: bool = False
    opengl: bool = False
    keymap: str | None = None
    viewer: bool = False
    x_display: str | None = None
    x_authority: str | None = None

    @property
    def wants_window(self) -> bool:
        return self.sdl or self.viewer
