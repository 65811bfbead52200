"""What of a file is data, and buffers that O_DIRECT takes."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator

BLOCK = 4096
"""What O_DIRECT and holes are aligned to, on all file systems at hand."""

_GAP = 64 << 10
"""A hole that is smaller than this costs more than it saves."""


def data_in(descriptor: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offset and length of what is data from `start` to `end`, in whole blocks; small holes count as data."""
    begun: int | None = None
    until = start
    at = start
    while at < end:
        try:
            data = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                break
            raise
        data = data // BLOCK * BLOCK
        if data >= end:
            break
        hole = min(-(-os.lseek(descriptor, max(data, at), os.SEEK_HOLE) // BLOCK) * BLOCK, end)
        if begun is not None and data - until >= _GAP:
            yield begun, until - begun
            begun = None
        begun = data if begun is None else begun
        until = at = hole
    if begun is not None:
        yield begun, until - begun


Extents = dict[int, list[tuple[int, int]]]
"""Offsets and lengths of data, by the offset of the chunk that it is in."""


def data_by_chunk(descriptor: int, size: int, chunk: int) -> Extents:
    """What of the first `size` bytes is data.

    Asked for in one go: a file system looks for the end of the data from wherever it is asked, through all of it.
    """
    found: Extents = {}
    for begin, length in data_in(descriptor, 0, size):
        at, end = begin, begin + length
        while at < end:
            start = at // chunk * chunk
            until = min(end, start + chunk)
            found.setdefault(start, []).append((at, until - at))
            at = until
    return found


def direct(descriptor: int, flags: int) -> int:
    """The open regular file once more, past the page cache where its file system can that. Raises OSError."""
    path = f"/proc/self/fd/{descriptor}"
    try:
        return os.open(path, flags | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return os.open(path, flags | os.O_CLOEXEC)


def buffer(size: int) -> memoryview:
    """Memory that begins with a page, as O_DIRECT wants it."""
    return memoryview(mmap.mmap(-1, size))


def read_all(descriptor: int, into: memoryview, at: int) -> None:
    """Fill `into` from the offset `at`. Raises EOFError where the file ends before."""
    done = 0
    while done < len(into):
        got = os.preadv(descriptor, [into[done:]], at + done)
        if not got:
            raise EOFError
        done += got


def write_all(descriptor: int, content: memoryview | bytes, at: int) -> None:
    """Raises OSError."""
    view = memoryview(content)
    done = 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done:], at + done)
