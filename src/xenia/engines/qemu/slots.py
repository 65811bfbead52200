"""Where each disk of a guest goes: bus, address, and the class it is booted as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xenia.engines.qemu.disk_names import is_virtio, qemu_disk_names
from xenia.engines.qemu.machine import SLOTS_DISK, board_of
from xenia.model.disk import Disk, DiskBus
from xenia.model.domain import DomainConfig, Kind

_TARGET = re.compile(r"(?:xvd|hd|sd|vd|fd)([a-z]{1,2})\d*|(?:scd|sr)(\d{1,2})")

_IDE_DRIVES = 4
_AHCI_PORTS = 6
_FLOPPY_DRIVES = 2
_LSI_TARGETS = 7
_LSI_FIRST_CD = 5
_VIRTIO_SCSI_TARGETS = 256
_VIRTIO_SCSI_FIRST_CD = 128


@dataclass(frozen=True, slots=True)
class Slot:
    """`driver` and `address` of the device (`where` says it to people); `scsi` when it needs the SCSI controller."""

    driver: str
    address: dict[str, Any]
    where: str
    letter: str
    """Of `boot=`: a, c or d."""
    scsi: bool = False


def slots_of(config: DomainConfig) -> Iterator[tuple[Disk, Slot | None]]:
    """Each disk with its place, in list order; None where there is none for it."""
    names = qemu_disk_names(config)
    virtio = drives = 0
    for disk in config.disks:
        if is_virtio(disk, config.kind):
            yield disk, _virtio(disk, virtio, names[disk.target])
            virtio += 1
        elif config.kind is not Kind.HVM:
            yield disk, _scsi_cd(config, drives)
            drives += 1
        else:
            yield disk, _fixed(config, disk)


def scsi_controller(config: DomainConfig) -> str:
    """Old guests know the LSI chip; the others virtio's."""
    return "lsi53c895a" if board_of(config) == "pc" else "virtio-scsi-pci"


def _virtio(disk: Disk, number: int, name: str) -> Slot | None:
    if number >= len(SLOTS_DISK):
        return None
    address = {"addr": f"{SLOTS_DISK[number]:#x}"}
    return Slot("virtio-blk-pci", address, f"the virtio disk {name}", "d" if disk.cdrom else "c")


def _fixed(config: DomainConfig, disk: Disk) -> Slot | None:
    """By the name of the target. A CD-ROM of an HVM guest named xvdX is what Xen makes of it: an IDE drive."""
    match = _TARGET.fullmatch(disk.target)
    if match is None:
        return None
    if match[2] is not None:
        return _scsi_cd(config, int(match[2]))
    index = _index(match[1])
    if disk.bus is DiskBus.FLOPPY:
        return Slot("floppy", {"unit": index}, f"floppy drive {index}", "a") if index < _FLOPPY_DRIVES else None
    return _scsi(config, disk, index) if disk.bus is DiskBus.SCSI else _ide(config, disk, index)


def _scsi_cd(config: DomainConfig, index: int) -> Slot | None:
    """CD-ROMs that are numbered, not lettered, come behind the targets of sda and its like."""
    old = scsi_controller(config) == "lsi53c895a"
    first, targets = (_LSI_FIRST_CD, _LSI_TARGETS) if old else (_VIRTIO_SCSI_FIRST_CD, _VIRTIO_SCSI_TARGETS)
    if first + index >= targets:
        return None
    return Slot("scsi-cd", {"bus": "scsi.0", "scsi-id": first + index}, f"the SCSI CD-ROM sr{index}", "d", scsi=True)


def _scsi(config: DomainConfig, disk: Disk, index: int) -> Slot | None:
    targets = _LSI_TARGETS if scsi_controller(config) == "lsi53c895a" else _VIRTIO_SCSI_TARGETS
    if index >= targets:
        return None
    driver, letter = ("scsi-cd", "d") if disk.cdrom else ("scsi-hd", "c")
    return Slot(driver, {"bus": "scsi.0", "scsi-id": index}, f"SCSI target {index}", letter, scsi=True)


def _ide(config: DomainConfig, disk: Disk, index: int) -> Slot | None:
    driver, letter = ("ide-cd", "d") if disk.cdrom else ("ide-hd", "c")
    if board_of(config) == "pc":
        if index >= _IDE_DRIVES:
            return None
        end = "slave" if index % 2 else "master"
        where = f"{'secondary' if index // 2 else 'primary'} IDE {end}"
        return Slot(driver, {"bus": f"ide.{index // 2}", "unit": index % 2}, where, letter)
    if index >= _AHCI_PORTS:
        return None
    return Slot(driver, {"bus": f"ide.{index}", "unit": 0}, f"SATA port {index}", letter)


def _index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("a") + 1
    return index - 1
