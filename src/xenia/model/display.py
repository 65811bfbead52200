"""vfb: what a domain shows, and the ways to see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PASSWORD_LENGTH = 8
"""Bytes of a VNC password that count (RFC 6143, section 7.2.2: they are a DES key)."""


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

    `rdp` shows it over RDP as well, with the password of VNC.
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
    rdp: bool = False

    @property
    def wants_window(self) -> bool:
        return self.sdl or self.viewer


@dataclass(frozen=True, slots=True)
class VncRules:
    """What the host says of VNC: the address where it listens and its password ("" for none), where a guest file says
    nothing; and whether it is spoken over TLS alone, whatever a guest file says. `rdp_listen` is where RDP listens, for
    all guests.
    """

    listen: str = "127.0.0.1"
    password: str = ""
    tls: bool = False
    rdp_listen: str = "127.0.0.1"

    def listen_of(self, display: Display) -> str:
        """The address, that of IPv6 without brackets."""
        return (display.vnc_listen or self.listen).strip("[]")

    def password_of(self, display: Display) -> str:
        return self.password if display.vnc_password is None else display.vnc_password
