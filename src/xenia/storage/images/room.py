"""Room behind an image, for who writes to it over NBD: a file that is served so does not grow by itself."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

_ROOM = 64 << 20


@contextmanager
def room_behind(descriptor: int, content: int = 0) -> Iterator[None]:
    """Make the file open as `descriptor` longer by a hole that its tables and `content` bytes fit into; in the end it
    is as long as before, or as what was written needs, and on the disk. Nothing is done to a block device. Raises
    OSError.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        yield
        return
    os.ftruncate(descriptor, status.st_size + (status.st_size >> 8) + _ROOM + content)
    try:
        yield
    finally:
        os.ftruncate(descriptor, max(status.st_size, _end_of_data(descriptor)))
        os.fsync(descriptor)


def _end_of_data(descriptor: int) -> int:
    """Where the last hole begins."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    position = 0
    while position < end:
        try:
            data = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError:
            break
        position = os.lseek(descriptor, data, os.SEEK_HOLE)
    return position
