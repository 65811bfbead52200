from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

import pytest

from xenia.lib.png import png_of


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each, its checksum looked at."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at = 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        named = png[at + 4 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size) == (zlib.crc32(named),)
        yield named[:4], named[4:]
        at += 12 + size


@pytest.mark.parametrize("head", [b"P6\n7 5\n255\n", b"P6\n# by QEMU\n7 5 255 "])
def test_every_dot_is_there(head: bytes) -> None:
    dots = random.Random(1).randbytes(7 * 5 * 3)  # noqa: S311 (dots)
    (first, shape), (second, data), (third, end) = chunks(png_of(head + dots))
    assert (first, second, third, end) == (b"IHDR", b"IDAT", b"IEND", b"")
    assert struct.unpack(">IIBBBBB", shape) == (7, 5, 8, 2, 0, 0, 0)
    rows = zlib.decompress(data)
    assert [rows[at : at + 22] for at in range(0, 110, 22)] == [b"\0" + dots[at : at + 21] for at in range(0, 105, 21)]
    assert len(rows) == 110


@pytest.mark.parametrize(
    "ppm",
    [
        *(b"", b"P5\n1 1\n255\n...", b"P6\n1 1\n65535\n......", b"P6\n0 9\n255\n", b"P6\n2 1\n255\n..."),
        *(b"P6\n1 1\n255\n....", b"P6\n-1 1\n255\n...", b"P6\n9999999 1\n255\n", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_no_picture_is_refused(ppm: bytes) -> None:
    with pytest.raises(ValueError, match=r"picture|PPM"):
        png_of(ppm)
