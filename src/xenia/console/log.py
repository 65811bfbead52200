"""The log of one console: the engine writes it, the hub reads its tail and bounds it."""

from __future__ import annotations

import os
from pathlib import Path

LIMIT = 1024 * 1024
"""Bytes; a longer log is cut, its tail kept beside it."""


class ConsoleLog:
    """`path` None stands for a console without a log."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; fewer where the file is shorter, none where it cannot be read."""
        if self._path is None:
            return b""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return os.pread(descriptor, length, start)
        finally:
            os.close(descriptor)

    def size(self) -> int:
        """In bytes; 0 when there is none."""
        if self._path is None:
            return 0
        try:
            return self._path.stat(follow_symlinks=False).st_size
        except OSError:
            return 0

    def bound(self) -> None:
        """Keep it at or below the limit: the last MiB goes to `PATH.1`, the log itself starts anew.

        The engine appends (O_APPEND), so it writes on at the new end. Raises OSError when the disk is full or the like.
        """
        size = self.size()
        if self._path is None or size <= LIMIT:
            return
        tail = self.read(size - LIMIT, LIMIT)
        previous = self._path.with_name(self._path.name + ".1")
        descriptor = os.open(previous, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(tail)
        os.truncate(self._path, 0)
