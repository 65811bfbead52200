"""One process of a kind for each root."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Taken(Exception):
    """Another process holds the lock: `pid` is what it has written there, "?" where it has not yet."""

    def __init__(self, pid: str) -> None:
        super().__init__(f"process {pid} holds the lock")
        self.pid = pid


def is_taken(path: Path) -> bool:
    """Whether a process holds the lock file `path`. Raises OSError, but for a file that is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the context lasts. It goes with the process, however that ends. Raises Taken,
    OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
