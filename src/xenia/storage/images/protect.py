"""The mark of an image that others are based on: its mode lets nobody write to it.

Everybody sees it (ls -l), every program but those of root keeps to it, and xend opens no such file for writing.
"""

from __future__ import annotations

import os
import stat

_WRITE = 0o222


def protect(path: str) -> None:
    """Let nobody write to the file `path`. Raises OSError. A block device has no such mark."""
    _change(path, remove=_WRITE)


def unprotect(path: str) -> None:
    """Let the owner of the file `path` write to it again. Raises OSError."""
    _change(path, add=stat.S_IWUSR)


def _change(path: str, *, add: int = 0, remove: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            os.fchmod(descriptor, stat.S_IMODE(mode) & ~remove | add)
    finally:
        os.close(descriptor)
