"""A GPT for a disk of another size: its second table is at the end, and its first says where that is.

Source: the UEFI specification 2.10, chapter 5.3 (GPT header, partition entry array).
"""

from __future__ import annotations

import struct
import zlib

from xenia.storage.guest.blocks import Blocks, Unreadable

SECTOR = 512
_SIGNATURE = b"EFI PART"
_HEADER_SIZE, _HEADER_CRC = 12, 16
_OWN_PLACE, _OTHER_PLACE, _LAST_USABLE, _ENTRIES = 24, 32, 48, 72
_MOST_ENTRIES = 65536
"""Bytes; usual are 128 entries of 128."""
_PROTECTIVE = 0xEE
_MOST_SECTORS = 0xFFFFFFFF

Piece = tuple[int, bytes]
"""Where it begins, and what is there."""


def moved(disk: Blocks, size: int) -> list[Piece]:
    """What is to be written to a disk with a GPT, in this order, so that its table is one of `size` bytes, of which
    nothing is cut off that is a partition's. Whenever that ends early, a whole table is there.

    Raises Unreadable where the first table is not sound.
    """
    header = bytearray(disk.read(SECTOR, SECTOR))
    length, sum_of_entries = *struct.unpack_from("<I", header, _HEADER_SIZE), *struct.unpack_from("<I", header, 88)
    place, count, each = struct.unpack_from("<QII", header, _ENTRIES)
    if header[:8] != _SIGNATURE or not 92 <= length <= SECTOR or not 0 < count * each <= _MOST_ENTRIES:
        raise Unreadable("its first partition table is none that is known here")
    entries = disk.read(place * SECTOR, count * each)
    if (
        _crc_of(header, length) != struct.unpack_from("<I", header, _HEADER_CRC)[0]
        or zlib.crc32(entries) != sum_of_entries
    ):
        raise Unreadable("its first partition table is damaged")
    last, sectors = size // SECTOR - 1, sectors_of(count * each)
    struct.pack_into("<Q", header, _OTHER_PLACE, last)
    struct.pack_into("<Q", header, _LAST_USABLE, last - sectors - 1)
    first = _signed(header, length)
    struct.pack_into("<QQ", header, _OWN_PLACE, last, 1)
    struct.pack_into("<Q", header, _ENTRIES, last - sectors)
    second = _signed(header, length)
    padded = entries.ljust(sectors * SECTOR, b"\0")
    return [((last - sectors) * SECTOR, padded + second), (SECTOR, first), (0, _protective(disk.read(0, SECTOR), last))]


def sectors_of(size: int) -> int:
    """How many sectors so many bytes are."""
    return -(-size // SECTOR)


def room(disk: Blocks) -> int:
    """The bytes that the second table takes at the end of a disk, as its first one says."""
    count, each = struct.unpack("<II", disk.read(SECTOR + 80, 8))
    return SECTOR * (1 + sectors_of(min(count * each, _MOST_ENTRIES)))


def _crc_of(header: bytearray, length: int) -> int:
    return zlib.crc32(header[:_HEADER_CRC] + bytes(4) + header[_HEADER_CRC + 4 : length])


def _signed(header: bytearray, length: int) -> bytes:
    struct.pack_into("<I", header, _HEADER_CRC, _crc_of(header, length))
    return bytes(header)


def _protective(sector: bytes, last: int) -> bytes:
    """The MBR that keeps others away, its entry as long as the disk."""
    changed = bytearray(sector)
    for at in range(446, 510, 16):
        if changed[at + 4] == _PROTECTIVE:
            struct.pack_into("<I", changed, at + 12, min(last, _MOST_SECTORS))
    return bytes(changed)
