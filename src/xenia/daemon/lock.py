"""One xend for each root."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xenia.model.errors import conflict


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the context lasts. It goes with the process, however that ends.

    Raises a conflict that names the other xend when there is one.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
            raise conflict(f"xend runs here already, as process {pid}", f"end it first: kill {pid}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
