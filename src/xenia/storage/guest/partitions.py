"""Where the file systems of a disk begin: MBR, with logical partitions, and GPT.

Sources: the UEFI specification 2.10, chapter 5 (GPT, protective MBR); for the MBR and its chain of extended partitions
what Linux reads (block/partitions/msdos.c).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from xenia.storage.guest.blocks import Blocks

SECTOR = 512
_EXTENDED = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE = 0xEE
_MOST_LOGICAL = 60
_MOST_GPT = 256


@dataclass(frozen=True, slots=True)
class Partition:
    """`start` and `size` in bytes; `number` as Linux counts, 0 for the whole disk. `active`: its table says so."""

    number: int
    start: int
    size: int
    active: bool = False

    @property
    def name(self) -> str:
        return f"partition {self.number}" if self.number else "the disk itself"


def read_partitions(disk: Blocks) -> list[Partition]:
    """The partitions, those to boot from first, and at the end the disk as a whole: a file system may fill it.

    Entries that make no sense are passed over. Nothing is raised but what reading the disk raises.
    """
    whole = Partition(0, 0, disk.size)
    first = disk.read(0, SECTOR)
    if first[510:] != b"\x55\xaa":
        return [whole]
    entries = _table(first)
    # The boot code of a file system ends like a partition table, but its bytes are none.
    if any(status & 0x7F for status, *_ in entries):
        return [whole]
    found = _gpt(disk) if any(kind == _PROTECTIVE for _, kind, *_ in entries) else _mbr(disk, entries)
    sound = [one for one in found if 0 < one.start < disk.size and one.size > 0]
    sound = [Partition(one.number, one.start, min(one.size, disk.size - one.start), one.active) for one in sound]
    return [*sorted(sound, key=lambda one: (not one.active, one.number)), whole]


def table_name(disk: Blocks) -> str:
    """gpt or mbr, as the first sector has it; "" where there is no table. Raises what reading the disk raises."""
    first = disk.read(0, SECTOR)
    entries = _table(first)
    if first[510:] != b"\x55\xaa" or any(status & 0x7F for status, *_ in entries):
        return ""
    if any(kind == _PROTECTIVE for _, kind, *_ in entries):
        return "gpt" if disk.read(SECTOR, 8) == b"EFI PART" else ""
    return "mbr" if any(kind for _, kind, *_ in entries) else ""


def protective(disk: Blocks) -> bool:
    """Whether the first sector says that there is a GPT. Raises what reading the disk raises."""
    first = disk.read(0, SECTOR)
    return first[510:] == b"\x55\xaa" and any(kind == _PROTECTIVE for _, kind, *_ in _table(first))


def extended_end(disk: Blocks) -> int:
    """Where the last extended partition of an MBR ends, in bytes; 0 where there is none."""
    entries = _table(disk.read(0, SECTOR))
    return max(((start + count) * SECTOR for _, kind, start, count in entries if kind in _EXTENDED), default=0)


def _table(sector: bytes) -> list[tuple[int, int, int, int]]:
    """Status, type, first sector and sectors of the four entries."""
    return [struct.unpack_from("<B3xB3xII", sector, 446 + 16 * number) for number in range(4)]


def _mbr(disk: Blocks, entries: list[tuple[int, int, int, int]]) -> list[Partition]:
    found = []
    for number, (status, kind, start, count) in enumerate(entries, 1):
        if kind in _EXTENDED:
            found += _logical(disk, start)
        elif kind:
            found.append(Partition(number, start * SECTOR, count * SECTOR, status == 0x80))
    return found


def _logical(disk: Blocks, extended: int) -> list[Partition]:
    """The partitions of the chain that begins at the sector `extended`: each table names one, and the next table."""
    found: list[Partition] = []
    here = extended
    for number in range(5, 5 + _MOST_LOGICAL):
        sector = disk.read(here * SECTOR, SECTOR)
        if sector[510:] != b"\x55\xaa":
            break
        (_, kind, start, count), (_, following, offset, _), *_ = _table(sector)
        if kind and kind not in _EXTENDED:
            found.append(Partition(number, (here + start) * SECTOR, count * SECTOR))
        if following not in _EXTENDED or not offset:
            break
        here = extended + offset
    return found


def _gpt(disk: Blocks) -> list[Partition]:
    header = disk.read(SECTOR, SECTOR)
    if header[:8] != b"EFI PART":
        return []
    table, count, size = struct.unpack_from("<QII", header, 72)
    if not 128 <= size <= 4096 or table >= disk.size // SECTOR:
        return []
    found = []
    for number in range(min(count, _MOST_GPT)):
        entry = disk.read(table * SECTOR + number * size, 128)
        start, end, attributes = struct.unpack_from("<QQQ", entry, 32)
        if entry[:16] != bytes(16) and start <= end:
            legacy_bootable = bool(attributes & 4)
            found.append(Partition(number + 1, start * SECTOR, (end - start + 1) * SECTOR, legacy_bootable))
    return found
