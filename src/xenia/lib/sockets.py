"""Unix sockets below folders of any depth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """A name for `path` to bind or connect to, however long `path` is: a socket's address has only 107 bytes (unix(7)),
    so the socket is reached through a descriptor of its folder. Valid while the context lasts, in this process.

    Raises OSError when there is no such folder.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
