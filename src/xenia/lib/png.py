"""Pictures as PNG (W3C Portable Network Graphics, third edition), made of PPM (ppm(5) of Netpbm)."""

from __future__ import annotations

import re
import struct
import zlib

_HEAD = re.compile(rb"P6\s(?:#[^\n]*\n)*(\d{1,6})\s(\d{1,6})\s255\s")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 1
"""A screen is mostly of one colour: more work makes it hardly smaller."""


def png_of(ppm: bytes) -> bytes:
    """The picture of a binary PPM with eight bits a colour, as PNG. Raises ValueError for anything else."""
    head = _HEAD.match(ppm)
    if head is None:
        raise ValueError("no binary PPM with 8 bits a colour")
    width, height = int(head[1]), int(head[2])
    row = 3 * width
    if not row or not height or len(ppm) - head.end() != row * height:
        raise ValueError(f"{len(ppm) - head.end()} bytes are no picture of {width} × {height}")
    packer, packed = zlib.compressobj(_LEVEL), []
    for at in range(head.end(), len(ppm), row):
        packed += [packer.compress(b"\0"), packer.compress(ppm[at : at + row])]
    shape = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"".join(packed) + packer.flush()
    return _SIGNATURE + _chunk(b"IHDR", shape) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
