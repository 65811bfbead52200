"""What a domain boots from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Firmware(StrEnum):
    BIOS = "bios"
    UEFI = "uefi"


@dataclass(frozen=True, slots=True)
class Boot:
    """Either firmware with a boot `order`, or a `kernel` with `ramdisk` and `command_line`, or a `bootloader` that
    finds the kernel in the guest's image.

    `order` holds the letters of `boot=`: a floppy, c disk, d CD-ROM, n network. `root` and `extra` are kept apart as
    the file has them; `command_line` joins them as xm did: ip, root, extra.
    """

    order: str = "cd"
    firmware: Firmware = Firmware.BIOS
    kernel: str | None = None
    ramdisk: str | None = None
    root: str | None = None
    extra: str | None = None
    ip: str | None = None
    bootloader: str | None = None
    bootargs: str | None = None

    @property
    def direct(self) -> bool:
        """Whether a kernel of the host is booted, without firmware or boot loader."""
        return self.kernel is not None

    @property
    def by_kernel(self) -> bool:
        """Whether a kernel is booted without firmware: one of the host, or one that a boot loader finds in an image."""
        return self.direct or self.bootloader is not None

    @property
    def command_line(self) -> str:
        parts = (
            f"ip={self.ip}" if self.ip else "",
            f"root={self.root}" if self.root else "",
            self.extra or "",
        )
        return " ".join(part for part in parts if part)
