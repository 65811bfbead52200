"""CD-ROMs that are numbered (`scd0`, `sr1`) for tools that know lettered drives only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from xenia.model.disk import Disk, DiskBus
from xenia.model.domain import DomainConfig, Kind

_NUMBERED = re.compile(r"(?:scd|sr)(\d+)")
_IDE = ("hdc", "hdd", "hdb", "hda")
_XEN = tuple(f"xvd{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")


def lettered(config: DomainConfig) -> tuple[DomainConfig, list[str]]:
    """`config` with each numbered CD-ROM in a free drive, in the order of their numbers, and what is lost by that."""
    taken = {disk.target for disk in config.disks}
    free = (name for name in (_IDE if config.kind is Kind.HVM else _XEN) if name not in taken)
    drives = {disk.target: next(free, None) for _, disk in sorted(_numbered(config), key=lambda pair: pair[0])}
    lost = [
        f"the target {target}: such drives have letters there, it is {drive}" if drive
        else f"the CD-ROM {target}: such drives have letters there, and all of them are taken"
        for target, drive in drives.items()
    ]  # fmt: skip
    disks = (_in(disk, drives.get(disk.target, disk.target)) for disk in config.disks)
    return replace(config, disks=tuple(disk for disk in disks if disk is not None)), lost


def _numbered(config: DomainConfig) -> Iterator[tuple[int, Disk]]:
    for disk in config.disks:
        if (found := _NUMBERED.fullmatch(disk.target)) is not None:
            yield int(found[1]), disk


def _in(disk: Disk, drive: str | None) -> Disk | None:
    if drive is None or drive == disk.target:
        return disk if drive else None
    return replace(disk, target=drive, bus=DiskBus.IDE if drive in _IDE else DiskBus.XEN)
