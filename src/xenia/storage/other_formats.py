"""What the headers of image formats other than qcow2 say: those that are read and not written. Runs in the worker.

Sources: for VMDK VMware's Virtual Disk Format 5.0; for VHD Microsoft's specification 1.0; for VHDX [MS-VHDX]; for VDI,
QED and qcow QEMU's block drivers and docs/interop/qed_spec.rst.
"""

from __future__ import annotations

import os
import struct
from typing import Any
from uuid import UUID

SECTOR = 512
_ONLY_DESCRIBED = "it only describes a disk: its content is in other files"
_DIFFERENCE = "it holds only the difference to another image"
_REGION_TABLE = 192 << 10
_METADATA_REGION = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_DISK_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_MOST_ENTRIES = 2047
_VHD_DIFFERENCE, _HAS_PARENT = 4, 1 << 1
_COWD_ROOT = 1 << 0
_DESCRIPTION, _MOST_SECTORS = 20 * SECTOR, 1 << 50


def read_other(name: str, head: bytes, descriptor: int, length: int) -> dict[str, Any]:
    """The facts of an image of the format `name`, whose first bytes are `head` and which has `length` bytes: those of
    inspect_image.
    """
    try:
        size, elsewhere = _READERS[name](head, descriptor, length)
    except struct.error:
        return {"format": name, "size": 0, "elsewhere": None, "problem": "its header is cut off"}
    problem = None if 0 <= size < 1 << 62 else "its header holds impossible sizes"
    return {"format": name, "size": 0 if problem else size, "elsewhere": elsewhere, "problem": problem}


def _vmdk(head: bytes, descriptor: int, _length: int) -> tuple[int, str | None]:
    if head.startswith(b"KDMV"):
        capacity, description = struct.unpack_from("<Q8xQ", head, 12)
        if not capacity:
            return 0, _ONLY_DESCRIBED
        places = {1, min(description, _MOST_SECTORS)}  # QEMU looks at the first, others where the header says
        texts = [os.pread(descriptor, _DESCRIPTION, place * SECTOR) for place in places]
        return capacity * SECTOR, _DIFFERENCE if any(b"parentFileNameHint" in text for text in texts) else None
    if head.startswith(b"COWD"):
        flags, sectors = struct.unpack_from("<II", head, 8)
        return sectors * SECTOR, None if flags & _COWD_ROOT else _DIFFERENCE
    return 0, _ONLY_DESCRIBED


def _vpc(head: bytes, descriptor: int, length: int) -> tuple[int, str | None]:
    footer = head if head.startswith(b"conectix") else os.pread(descriptor, SECTOR, max(length - SECTOR, 0))
    size, kind = struct.unpack_from(">Q4xI", footer, 48)
    return size, _DIFFERENCE if kind == _VHD_DIFFERENCE else None


def _vdi(head: bytes, _descriptor: int, _length: int) -> tuple[int, str | None]:
    kind: int = struct.unpack_from("<I", head, 0x4C)[0]
    return struct.unpack_from("<Q", head, 0x170)[0], None if kind in (1, 2) else _DIFFERENCE


def _qed(head: bytes, _descriptor: int, _length: int) -> tuple[int, str | None]:
    (features,) = struct.unpack_from("<Q", head, 16)
    return struct.unpack_from("<Q", head, 48)[0], _DIFFERENCE if features & 1 else None


def _qcow(head: bytes, _descriptor: int, _length: int) -> tuple[int, str | None]:
    backing, size = struct.unpack_from(">Q8xQ", head, 8)
    return size, _DIFFERENCE if backing else None


def _vhdx(_head: bytes, descriptor: int, _length: int) -> tuple[int, str | None]:
    regions = os.pread(descriptor, 64 << 10, _REGION_TABLE)
    entry = _entry(regions, b"regi", int.from_bytes(regions[8:12], "little"), 16, _METADATA_REGION)
    (region,) = struct.unpack_from("<Q", entry, 16)
    if region >> 62:
        raise struct.error
    table = os.pread(descriptor, 64 << 10, region)
    size = _item(descriptor, region, table, _DISK_SIZE)
    parameters = _item(descriptor, region, table, _PARAMETERS)
    return size, _DIFFERENCE if parameters >> 32 & _HAS_PARENT else None


def _entry(table: bytes, signature: bytes, count: int, first: int, wanted: bytes) -> bytes:
    """The entry of 32 bytes that begins with the GUID `wanted`. Raises struct.error where there is none."""
    if table.startswith(signature):
        for number in range(min(count, _MOST_ENTRIES)):
            entry = table[first + 32 * number : first + 32 * number + 32]
            if entry.startswith(wanted):
                return entry
    raise struct.error


def _item(descriptor: int, region: int, table: bytes, wanted: bytes) -> int:
    """A number of the metadata region, of 64 bits."""
    entry = _entry(table, b"metadata", int.from_bytes(table[10:12], "little"), 32, wanted)
    (offset,) = struct.unpack_from("<I", entry, 16)
    content = os.pread(descriptor, 8, region + offset)
    if len(content) < 8:
        raise struct.error
    return int.from_bytes(content, "little")


_READERS = {"vmdk": _vmdk, "vpc": _vpc, "vdi": _vdi, "qed": _qed, "qcow": _qcow, "vhdx": _vhdx}
