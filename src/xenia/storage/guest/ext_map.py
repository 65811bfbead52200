"""Which blocks of an ext2, ext3 or ext4 file system hold a file.

Source: Linux Documentation/filesystems/ext4/ifork.rst (block map, extent tree). A run is `(physical, count)`, with the
physical block 0 for a hole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from xenia.storage.guest.blocks import Unreadable

_EXTENT_MAGIC = 0xF30A
_DEEPEST = 5
_DIRECT = 12
_INITIALISED = 0x8000

Span = tuple[int, int, int]
"""First block in the file, first block on the disk, blocks."""


def runs(spans: Iterator[Span], total: int) -> Iterator[tuple[int, int]]:
    """The first `total` blocks of a file, without a gap, out of the spans that are there.

    Raises Unreadable for spans that are not in order.
    """
    position = 0
    physical = count = 0
    for logical, start, length in spans:
        if logical >= total:
            break
        if logical < position:
            raise Unreadable("the blocks of a file are not in order")
        length = min(length, total - logical)
        if count and logical == position and start == physical + count and start:
            count += length
        else:
            if count:
                yield physical, count
            if logical > position:
                yield 0, logical - position
            physical, count = start, length
        position = logical + length
    if count:
        yield physical, count
    if position < total:
        yield 0, total - position


def extent_spans(root: bytes, read_block: Callable[[int], bytes]) -> Iterator[Span]:
    """The spans of an extent tree whose root are the 60 bytes of an inode.

    Every branch must hold something that lies behind what came before, so the walk ends. Raises Unreadable.
    """
    depth, entries = _node(root)
    if depth > _DEEPEST:
        raise Unreadable("the extent tree of a file is too deep")
    stack = [(depth, entries)]
    reached = 0
    while stack:
        depth, entries = stack[-1]
        if not entries:
            stack.pop()
            continue
        logical, second, third = struct.unpack("<III", entries.pop())
        if logical < reached:
            raise Unreadable("the extent tree of a file is not in order")
        if depth == 0:
            length, high = second & 0xFFFF, second >> 16
            written = length <= _INITIALISED
            length = length if written else length - _INITIALISED
            reached = logical + max(length, 1)
            yield logical, (third | high << 32) if written else 0, length
            continue
        below, children = _node(read_block(second | (third & 0xFFFF) << 32))
        if below != depth - 1 or not children:
            raise Unreadable("the extent tree of a file is broken")
        stack.append((below, children))


def _node(raw: bytes) -> tuple[int, list[bytes]]:
    """The depth of a node and its entries, the last one first."""
    magic, count, _, depth = struct.unpack_from("<HHHH", raw)
    if magic != _EXTENT_MAGIC or 12 + 12 * count > len(raw):
        raise Unreadable("the extent tree of a file is broken")
    return depth, [raw[12 * number : 12 * number + 12] for number in range(count, 0, -1)]


def mapped_spans(pointers: bytes, block_size: int, total: int, read_block: Callable[[int], bytes]) -> Iterator[Span]:
    """The spans of a file with direct and up to threefold indirect blocks. Raises Unreadable."""
    table = struct.unpack("<15I", pointers)
    for number, block in enumerate(table[:_DIRECT]):
        if block:
            yield number, block, 1
    logical = _DIRECT
    for level, block in enumerate(table[_DIRECT:], 1):
        if logical >= total:
            return
        if block:
            yield from _indirect(block, level, logical, total, read_block)
        logical += (block_size // 4) ** level


def _indirect(block: int, level: int, logical: int, total: int, read_block: Callable[[int], bytes]) -> Iterator[Span]:
    """What an indirect block of `level` 1, 2 or 3 leads to."""
    raw = read_block(block)
    covered: int = (len(raw) // 4) ** (level - 1)
    for pointer in struct.unpack(f"<{len(raw) // 4}I", raw):
        if logical >= total:
            return
        if pointer and level == 1:
            yield logical, pointer, 1
        elif pointer:
            yield from _indirect(pointer, level - 1, logical, total, read_block)
        logical += covered
