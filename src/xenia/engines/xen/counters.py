"""What the disks of domains have done, as Xen's block backend in Domain-0's kernel has counted it.

Source: Linux drivers/block/xen-blkback/xenbus.c (`statistics` of each backend device: requests, and sectors of 512
bytes). Images that a QEMU serves (qcow2) are not counted there, and neither are emulated drives.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from xenia.engines.xen.vdev import name_of
from xenia.model.stats import DiskStats

_DEVICES = Path("/sys/bus/xen-backend/devices")
_VBD = re.compile(r"vbd-(\d{1,5})-(\d{1,9})")
_SECTOR = 512
_FILES = ("rd_sect", "wr_sect", "rd_req", "wr_req")


def disks_by_domain(devices: Path = _DEVICES, domid: int | None = None) -> Mapping[int, tuple[DiskStats, ...]]:
    """By domain id (of one only, where `domid` is given), in the order of their numbers; empty on a kernel that has no
    such backends.
    """
    found: dict[int, list[tuple[int, DiskStats]]] = {}
    try:
        names = os.listdir(devices)
    except OSError:
        return {}
    for name in names:
        match = _VBD.fullmatch(name)
        if match is None or (domid is not None and int(match[1]) != domid):
            continue
        number = int(match[2])
        try:
            read, written, reads, writes = (int((devices / name / "statistics" / file).read_text()) for file in _FILES)
        except (OSError, ValueError):  # it is on its way, or a QEMU serves it
            continue
        disk = DiskStats(name_of(number), read * _SECTOR, written * _SECTOR, reads, writes)
        found.setdefault(int(match[1]), []).append((number, disk))
    return {each: tuple(disk for _, disk in sorted(disks, key=lambda pair: pair[0])) for each, disks in found.items()}
