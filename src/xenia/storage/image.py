"""What the header of an image file says. Runs in the worker, for strangers wrote these bytes.

Sources: QEMU's docs/interop/qcow2.txt; for the other formats the magic numbers by which QEMU's block drivers know them.
"""

from __future__ import annotations

import os
import struct
from typing import Any

from xenia.storage.other_formats import read_other

QCOW_MAGIC = b"QFI\xfb"

_BACKING_NAME_LIMIT = 1023
_EXTENSION_LIMIT = 64
_EXTENSION_END = 0x00000000
_EXTENSION_BACKING_FORMAT = 0xE2792ACA
_CORRUPT, _DATA_FILE = 1 << 1, 1 << 2
_KNOWN_FEATURES = 0b11111

_MAGICS = (
    (b"KDMV", "vmdk"),
    (b"COWD", "vmdk"),
    (b"# Disk DescriptorFile", "vmdk"),
    (b"vhdxfile", "vhdx"),
    (b"conectix", "vpc"),
    (b"QED\x00", "qed"),
)


def inspect_image(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """The facts of the image that is open as the first descriptor.

    `format` is QEMU's name for it (`raw` for anything that is no image format), `size` the virtual size in bytes. Of a
    qcow2 image also `backing`, `backing_format` (None: none named), `encrypted`, `corrupt`, `data_file` and
    `unknown_features`; of those in other formats `elsewhere`, why its content does not lie in it, or None. `problem`
    says why a header has no meaning; None for a sound one.
    """
    del arguments
    descriptor = descriptors[0]
    length = os.lseek(descriptor, 0, os.SEEK_END)
    head = os.pread(descriptor, 512, 0)
    name = format_by_magic(head)
    if name == "qcow2":
        return _qcow(descriptor, head)
    if name == "raw" and os.pread(descriptor, 8, max(length - 512, 0)) == b"conectix":
        name = "vpc"
    if name == "raw":
        return {"format": name, "size": length, "problem": None}
    return read_other(name, head, descriptor, length)


def format_by_magic(head: bytes) -> str:
    """QEMU's name of the format whose file starts with `head` (512 bytes are enough)."""
    if head.startswith(QCOW_MAGIC):
        return "qcow" if head[4:8] == b"\x00\x00\x00\x01" else "qcow2"
    if head[0x40:0x44] == b"\x7f\x10\xda\xbe":
        return "vdi"
    return next((name for magic, name in _MAGICS if head.startswith(magic)), "raw")


def _qcow(descriptor: int, head: bytes) -> dict[str, Any]:
    if len(head) < 72:
        return _broken("qcow2", "its header is cut off")
    version = int.from_bytes(head[4:8], "big")
    if version not in (2, 3):
        return _broken("qcow2", f"it is of version {version}, which does not exist")
    return _qcow2(descriptor, head, version)


def _qcow2(descriptor: int, head: bytes, version: int) -> dict[str, Any]:
    offset, name_length, cluster_bits, size, crypt = struct.unpack_from(">QIIQI", head, 8)
    features, header_length = 0, 72
    if version == 3:
        if len(head) < 104:
            return _broken("qcow2", "its header is cut off")
        features = int.from_bytes(head[72:80], "big")
        header_length = int.from_bytes(head[100:104], "big")
    if not 9 <= cluster_bits <= 21 or not 72 <= header_length <= 1 << cluster_bits:
        return _broken("qcow2", "its header holds impossible sizes")
    backing = None
    if offset:
        if name_length > _BACKING_NAME_LIMIT:
            return _broken("qcow2", "the name of its backing file is too long")
        raw = os.pread(descriptor, name_length, min(offset, 1 << 62))
        if len(raw) != name_length or b"\x00" in raw:
            return _broken("qcow2", "the name of its backing file cannot be read")
        backing = os.fsdecode(raw)
    return {
        "format": "qcow2",
        "size": size,
        "backing": backing or None,
        "backing_format": _backing_format(descriptor, header_length, 1 << cluster_bits) if backing else None,
        "encrypted": crypt != 0,
        "corrupt": bool(features & _CORRUPT),
        "data_file": bool(features & _DATA_FILE),
        "unknown_features": features & ~_KNOWN_FEATURES,
        "problem": None,
    }


def _backing_format(descriptor: int, start: int, end: int) -> str | None:
    position = start
    for _ in range(_EXTENSION_LIMIT):
        header = os.pread(descriptor, 8, position)
        if len(header) < 8:
            return None
        kind, length = struct.unpack(">II", header)
        if kind == _EXTENSION_END or position + 8 + length > end:
            return None
        if kind == _EXTENSION_BACKING_FORMAT:
            return os.pread(descriptor, min(length, 64), position + 8).decode("ascii", "replace")
        position += 8 + (length + 7) // 8 * 8
    return None


def _broken(name: str, problem: str) -> dict[str, Any]:
    return {"format": name, "size": 0, "problem": problem}
