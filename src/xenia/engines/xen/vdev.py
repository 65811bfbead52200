"""Which virtual device of Xen each disk of a guest becomes.

Sources: xen-vbd-interface(7); libxl_device.c (libxl__device_disk_dev_number) for the names that Xen's tools know;
libxl_dm.c for the emulated drives of an HVM guest, which are IDE 0 to 3 for hdX and xvdX alike, and SCSI for sdX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenia.model.disk import Disk, DiskBus, DiskSource
from xenia.model.domain import DomainConfig, Kind

_NAME = re.compile(r"(xvd|hd|sd|vd)([a-z]{1,3})([1-9]\d{0,2})?")
_NUMBER = re.compile(r"\d{1,9}|0x[0-9a-f]{1,7}|d\d{1,5}p\d{1,3}")
_NUMBERED = re.compile(r"(?:scd|sr)(\d+)")
_MOST = {"xvd": ((1 << 20) - 1, 255), "hd": (3, 63), "sd": (15, 15)}
"""Last disk (from 0) and last partition of each."""

_IDE_FOR_CDROM = ("hdc", "hdd", "hdb", "hda")


def vdevs_of(config: DomainConfig) -> dict[str, str | None]:
    """The virtual device of each disk, by its target and in list order; None for one that has no place on Xen."""
    taken = {disk.target for disk in config.disks if _known(disk.target)}
    drives = {ide_drive(target) for target in taken} if config.kind is Kind.HVM else set()
    found: dict[str, str | None] = dict.fromkeys((disk.target for disk in config.disks), None)
    for disk in _in_turn(config):
        vdev = _vdev(config.kind, disk, taken, drives)
        if vdev is not None:
            taken.add(vdev)
            drives.add(ide_drive(vdev))
        found[disk.target] = vdev
    return found


def ide_drive(vdev: str) -> int | None:
    """The IDE drive (0 to 3) that an HVM guest has in `vdev` beside Xen's own disk; None where it has none."""
    found = _NAME.fullmatch(vdev)
    if found is None or found[1] == "sd":
        return None
    index = _index(found[2])
    return index if index < len(_IDE_FOR_CDROM) else None


def number_of(vdev: str) -> int:
    """The number by which a guest and xenstore know a virtual device (xen-vbd-interface(7))."""
    found = _NAME.fullmatch(vdev)
    if found is None:
        places = re.fullmatch(r"d(\d+)p(\d+)", vdev)
        return _extended(int(places[1]), int(places[2])) if places is not None else int(vdev, 0)
    disk, partition = _index(found[2]), int(found[3] or 0)
    if found[1] == "hd":
        return (3 if disk < 2 else 22) << 8 | (disk & 1) << 6 | partition
    if found[1] == "sd":
        return 8 << 8 | disk << 4 | partition
    return _extended(disk, partition)


def _extended(disk: int, partition: int) -> int:
    return 202 << 8 | disk << 4 | partition if disk < 16 and partition < 16 else 1 << 28 | disk << 8 | partition


_MAJORS = {202: ("xvd", 4, 0), 8: ("sd", 4, 0), 3: ("hd", 6, 0), 22: ("hd", 6, 2)}
"""By the number's upper byte: the name, the bits of a partition, the first disk."""


def name_of(number: int) -> str:
    """The name of the virtual device with this number, or the number itself where it has none."""
    if number >> 28 == 1:
        name, disk, partition = "xvd", number >> 8 & 0xFFFFF, number & 0xFF
    elif number >> 8 in _MAJORS:
        name, bits, first = _MAJORS[number >> 8]
        disk, partition = first + ((number & 0xFF) >> bits), number & (1 << bits) - 1
    else:
        return str(number)
    return f"{name}{_letters(disk)}{partition or ''}"


def _in_turn(config: DomainConfig) -> Iterator[Disk]:
    """The disks in list order, but sr0 before sr1 where the file has them the other way round."""
    numbers = {disk.target: int(found[1]) for disk in config.disks if (found := _NUMBERED.fullmatch(disk.target))}
    cdroms = (disk for disk in config.disks if disk.target in numbers)
    numbered = iter(sorted(cdroms, key=lambda disk: numbers[disk.target]))
    return (next(numbered) if disk.target in numbers else disk for disk in config.disks)


def _vdev(kind: Kind, disk: Disk, taken: set[str], drives: set[int | None]) -> str | None:
    if disk.bus is DiskBus.FLOPPY or (kind is not Kind.HVM and disk.source is DiskSource.EMPTY):
        return None
    if _known(disk.target):
        return disk.target
    same = f"x{disk.target}"
    if disk.bus is DiskBus.VIRTIO and _known(same) and same not in taken and _free_drive(same, drives):
        return same
    if kind is Kind.HVM:
        places = _IDE_FOR_CDROM if disk.cdrom else ()
        return next((name for name in places if name not in taken and _free_drive(name, drives)), None)
    return next((name for name in _xen_names() if name not in taken), None)


def _free_drive(vdev: str, drives: set[int | None]) -> bool:
    drive = ide_drive(vdev)
    return drive is None or drive not in drives


def _known(target: str) -> bool:
    """Whether Xen's tools know `target` as the name or number of a virtual device."""
    if _NUMBER.fullmatch(target):
        return True
    found = _NAME.fullmatch(target)
    if found is None or found[1] not in _MOST:
        return False
    last_disk, last_partition = _MOST[found[1]]
    return _index(found[2]) <= last_disk and int(found[3] or 0) <= last_partition


def _index(letters: str) -> int:
    """a is 0, z is 25, aa is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("a") + 1
    return index - 1


def _letters(index: int) -> str:
    """0 is a, 25 is z, 26 is aa."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _xen_names() -> Iterator[str]:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    yield from (f"xvd{letter}" for letter in alphabet)
    yield from (f"xvd{first}{second}" for first in alphabet for second in alphabet)
