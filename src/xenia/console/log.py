"""The log of one console: the engine writes it, the hub reads its tail and bounds it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

LIMIT = 1024 * 1024
"""Bytes; a longer log is cut, its tail kept beside it."""


class ConsoleLog:
    """`place` tells where it lies now, as a guest may be given another name; None for a console without a log."""

    def __init__(self, place: Callable[[], Path | None]) -> None:
        self._place = place

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; fewer where the file is shorter, none where it cannot be read."""
        path = self._place()
        if path is None:
            return b""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return os.pread(descriptor, length, start)
        finally:
            os.close(descriptor)

    def size(self) -> int:
        """In bytes; 0 when there is none."""
        path = self._place()
        if path is None:
            return 0
        try:
            return path.stat(follow_symlinks=False).st_size
        except OSError:
            return 0

    def bound(self) -> None:
        """Keep it at or below the limit: the last MiB goes to `PATH.1`, the log itself starts anew.

        The engine appends (O_APPEND), so it writes on at the new end. Raises OSError when the disk is full or the like.
        """
        path, size = self._place(), self.size()
        if path is None or size <= LIMIT:
            return
        tail = self.read(size - LIMIT, LIMIT)
        previous = path.with_name(path.name + ".1")
        descriptor = os.open(previous, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(tail)
        os.truncate(path, 0)
