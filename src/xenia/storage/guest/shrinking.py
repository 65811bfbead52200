"""The worker's call: how small a disk can be, and what its partition table has to be then."""

from __future__ import annotations

import base64
import struct
from typing import Any

from xenia.storage.guest import gpt
from xenia.storage.guest.blocks import Blocks, Unreadable
from xenia.storage.guest.ext import is_ext
from xenia.storage.guest.layers import open_layers
from xenia.storage.guest.partitions import extended_end, protective, read_partitions, table_name
from xenia.storage.guest.signatures import name_content


def shrinking(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Look into the image that is open as the only descriptor; `arguments` has `formats`, as for read_layout, and the
    wanted `size` in bytes.

    The result has `least`, the bytes that it needs, `why`, what lies there ("" for nothing that is known), and
    `pieces`, what is to be written before (place, and bytes in base64); `problem` where that cannot be told, else "".
    """
    try:
        disk = open_layers(descriptors, arguments["formats"])
        least, why = _needed(disk)
        size, fits = arguments["size"], least <= arguments["size"]
        pieces = gpt.moved(disk, size) if fits and table_name(disk) == "gpt" else []
        told = [[place, base64.b64encode(content).decode()] for place, content in pieces]
        return {"least": least, "why": why, "pieces": told, "problem": ""}
    except Unreadable as error:
        return {"least": 0, "why": "", "pieces": [], "problem": error.message[:4000]}


def _needed(disk: Blocks) -> tuple[int, str]:
    table = table_name(disk)
    if not table and protective(disk):
        raise Unreadable("its GPT is damaged, or of a disk with other sectors")
    if not table:
        return _file_system(disk)
    ends = [(one.start + one.size, f"partition {one.number}") for one in read_partitions(disk) if one.number]
    if table == "mbr":
        ends.append((extended_end(disk), "the extended partition"))
    end, why = max(ends, default=(gpt.SECTOR, "the partition table"))
    return (end + gpt.room(disk), f"{why} and a second partition table") if table == "gpt" else (end, why)


def _file_system(disk: Blocks) -> tuple[int, str]:
    """Of a disk without partitions. Raises Unreadable for what is known and does not tell here where it ends."""
    if is_ext(disk):
        blocks, shift = struct.unpack("<I", disk.read(1024 + 4, 4))[0], struct.unpack("<I", disk.read(1024 + 24, 4))[0]
        features, high = (
            struct.unpack("<I", disk.read(1024 + 96, 4))[0],
            struct.unpack("<I", disk.read(1024 + 336, 4))[0],
        )
        if shift > _MOST_SHIFT:
            raise Unreadable("its file system is damaged")
        return (blocks | (high << 32 if features & _WIDE else 0)) << (10 + shift), "the file system"
    name = name_content(disk)
    if name == "XFS":
        size, blocks = struct.unpack(">IQ", disk.read(4, 12))
        return size * blocks, "the file system"
    if name == "NTFS":
        size, sectors = struct.unpack("<H", disk.read(11, 2))[0], struct.unpack("<Q", disk.read(40, 8))[0]
        return size * (sectors + 1), "the file system"  # the copy of its first sector follows on it
    if name is not None:
        raise Unreadable(f"it is {name}, of which is not known here where it ends")
    return 0, ""


_WIDE = 0x80
"""INCOMPAT_64BIT: the number of blocks has a second half (Documentation/filesystems/ext4/super.rst)."""
_MOST_SHIFT = 6
