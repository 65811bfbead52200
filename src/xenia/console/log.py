"""The log of one console, as an engine writes it: read as it grows, and bounded."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from xenia.lib.inotify import FileWatch
from xenia.lib.logs import older

log = logging.getLogger(__name__)

LIMIT = 1024 * 1024
"""Bytes; a longer log is cut, its tail kept beside it."""

_CHUNK = 64 * 1024


class ConsoleLog:
    """`place` tells where it lies now, as a guest may be given another name. `said` is called with what comes to it."""

    def __init__(self, place: Callable[[], Path | None], watch: FileWatch, said: Callable[[bytes], None]) -> None:
        self._place = place
        self._watch = watch
        self._said = said
        self._descriptor = -1
        self._number = -1
        self._offset = 0

    def open(self, length: int) -> bytes:
        """Begin to follow it; the last `length` bytes of what is in it. Raises OSError."""
        path = self._place()
        if path is None:
            raise FileNotFoundError(2, "there is no log")
        self._descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._number = self._watch.add(self._descriptor, self.read_on)
        except OSError:
            self._close()
            raise
        self._offset = self._size()
        last = os.pread(self._descriptor, length, max(0, self._offset - length))
        self._bound()
        return last

    def read_on(self) -> None:
        """Tell what is new. A guest that writes without end does not keep others waiting."""
        if self._descriptor < 0:
            return
        if self._size() < self._offset:  # somebody else has cut it
            self._offset = 0
        data = os.pread(self._descriptor, _CHUNK, self._offset)
        self._offset += len(data)
        if len(data) == _CHUNK:
            asyncio.get_running_loop().call_soon(self.read_on)
        else:
            self._bound()
        if data:
            self._said(data)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _bound(self) -> None:
        """Keep what has been read at or below the limit: the last MiB goes to `PATH.1`, the log itself starts anew.

        The engine appends (O_APPEND), so it writes on at the new end. What a guest says in the microseconds between
        the last look and the cut is lost: that is once in a MiB.
        """
        path = self._place()
        if self._offset <= LIMIT or path is None or self._size() > self._offset:
            return
        tail = os.pread(self._descriptor, LIMIT, self._offset - LIMIT)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(older(path), flags, 0o600), "wb") as file:
                file.write(tail)
            if self._size() == self._offset:
                os.ftruncate(self._descriptor, 0)
                self._offset = 0
        except OSError as error:
            log.warning("cannot cut a console log: %s", error)

    def close(self) -> None:
        """After telling the last of it."""
        while self._descriptor >= 0 and self._offset < self._size():
            self.read_on()
        if self._number >= 0:
            self._watch.remove(self._number, self.read_on)
            self._number = -1
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
