"""PCI devices of the host: who has them, and giving them to vfio-pci and back (Linux Documentation/driver-api/vfio.rst,
Documentation/ABI/testing/sysfs-bus-pci).

Untried on hardware: the machines at hand have no IOMMU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import conflict, not_found, unavailable
from xenia.model.pci import HostPci

_BUS = Path("/sys/bus/pci")
_NODES = Path("/dev/vfio")
_DRIVER = "vfio-pci"
_BRIDGES = "0x0604"
"""The class of bridges, which stay with the host."""


@dataclass(frozen=True, slots=True)
class PciHost:
    """`bus` and `nodes` are where the kernel shows devices and IOMMU groups."""

    bus: Path = _BUS
    nodes: Path = _NODES

    def assignable(self) -> tuple[HostPci, ...]:
        """The devices that vfio-pci has."""
        folders = self._folders(self.bus / "drivers" / _DRIVER)
        return tuple(HostPci(folder.name, _group(folder)) for folder in folders if ":" in folder.name)

    def group_of(self, address: str) -> Path:
        """The file that gives a guest the device, for which all is ready.

        Raises not_found, and with the next step: a conflict for a device, or a neighbour in its group, that the host
        uses itself; unavailable without an IOMMU.
        """
        folder = self.find(address)
        group = _group(folder)
        if group is None:
            raise unavailable(
                f"the host has no IOMMU in use, so PCI device {address} cannot be given away safely",
                "switch VT-d or AMD-Vi on in the firmware; on Intel add intel_iommu=on to the kernel's command line",
            )
        if _driver(folder) != _DRIVER:
            raise conflict(
                f"PCI device {address} is {_held(folder)}, not ready to be given away",
                f"xm pci-assignable-add {address}",
            )
        for other in self._folders(folder / "iommu_group" / "devices"):
            if _driver(other) not in (_DRIVER, None) and not _text(other / "class").startswith(_BRIDGES):
                raise conflict(
                    f"PCI device {address} cannot go alone: {other.name}, of the same IOMMU group {group}, is "
                    f"{_held(other)}",
                    f"xm pci-assignable-add {other.name}",
                )
        return self.nodes / str(group)

    def take(self, address: str) -> None:
        """Have vfio-pci take the device from the host. Raises not_found, unavailable."""
        folder = self.find(address)
        if not (self.bus / "drivers" / _DRIVER).is_dir():
            raise unavailable("the host's kernel has no vfio-pci at work", f"modprobe {_DRIVER}")
        self._bind(folder, _DRIVER)
        if _driver(folder) != _DRIVER:
            raise unavailable(f"vfio-pci does not take PCI device {address}", "the kernel says why: dmesg")

    def give_back(self, address: str) -> None:
        """Let the host's own driver have the device again. Raises not_found, unavailable."""
        self._bind(self.find(address), "")

    def _bind(self, folder: Path, driver: str) -> None:
        """Only `driver` may take the device; "" for any that knows it."""
        try:
            (folder / "driver_override").write_text(f"{driver}\n")
            if _driver(folder) is not None:
                (folder / "driver/unbind").write_text(folder.name)
            (self.bus / "drivers_probe").write_text(folder.name)
        except OSError as error:
            raise unavailable(
                f"PCI device {folder.name} cannot be bound anew: {error.filename}: {error.strerror}",
                "only root may; the kernel says more: dmesg",
            ) from error

    def find(self, address: str) -> Path:
        """Where the kernel shows the device. Raises not_found."""
        folder = self.bus / "devices" / address
        if not folder.exists():
            raise not_found(f"the host has no PCI device {address}", "lspci -D shows them")
        return folder

    def _folders(self, parent: Path) -> Iterator[Path]:
        try:
            return iter(sorted(parent.iterdir()))
        except OSError:
            return iter(())


def _driver(folder: Path) -> str | None:
    link = folder / "driver"
    return link.readlink().name if link.is_symlink() else None


def _held(folder: Path) -> str:
    driver = _driver(folder)
    return f"the host's own, with the driver {driver}" if driver else "without a driver"


def _group(folder: Path) -> int | None:
    link = folder / "iommu_group"
    return int(link.readlink().name) if link.is_symlink() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
