"""Reading what will be asked for."""

from __future__ import annotations

import fcntl
import os
import threading

from xenia.lib.meminfo import available_memory
from xenia.storage.save.extents import data_in

_PIECE = 8 << 20
"""The kernel reads that much before it looks whether it is still wanted."""


def read_ahead(descriptor: int, size: int) -> None:
    """Have the first `size` bytes of a file in the page cache soon, where the host has memory for that: in a thread of
    its own, which nobody has to wait for, with a descriptor of its own.
    """
    if available_memory() > 2 * size:
        own = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 0)
        threading.Thread(target=_read, args=(own, size), name="read-ahead", daemon=True).start()


def _read(descriptor: int, size: int) -> None:
    try:
        for begin, length in data_in(descriptor, 0, size):
            for at in range(begin, begin + length, _PIECE):
                os.posix_fadvise(descriptor, at, min(_PIECE, begin + length - at), os.POSIX_FADV_WILLNEED)
    finally:
        os.close(descriptor)
