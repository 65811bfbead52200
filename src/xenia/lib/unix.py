"""Unix sockets below folders with long names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def address(path: Path) -> Iterator[str]:
    """A name for `path` to bind or connect to while the context lasts, short enough however long `path` is.

    A socket's address has room for 107 bytes (unix(7)); the folder is named by a descriptor instead.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
