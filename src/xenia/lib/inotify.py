"""inotify(7): the kernel tells what happens in a folder, and to files."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MODIFY = 0x002
ATTRIB = 0x004
CLOSE_WRITE = 0x008
MOVED_FROM = 0x040
MOVED_TO = 0x080
CREATE = 0x100
DELETE = 0x200
OVERFLOW = 0x4000
"""Events were lost: everything may have changed."""
IGNORED = 0x8000
"""The folder is gone: nothing more will be told."""

_ONLY_FOLDERS = 0x01000000
_HEAD = struct.Struct("iIII")  # wd, mask, cookie, length of the name: struct inotify_event
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened (`mask`: the bits above) to the entry `name` of the folder; "" to the folder itself."""

    mask: int
    name: str


class Inotify:
    """Watches the folder `path` for the events of `mask`. `descriptor` can be read when something has happened.

    Raises OSError where there is no such folder, or no watch to be had.
    """

    def __init__(self, path: Path, mask: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = _checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), path)
        try:
            _checked(libc.inotify_add_watch(self.descriptor, os.fsencode(path), mask | _ONLY_FOLDERS), path)
        except OSError:
            self.close()
            raise

    def read(self) -> list[Happened]:
        """What has happened since the last call; empty where nothing has."""
        return [happened for _, happened in _events(self.descriptor)]

    def close(self) -> None:
        os.close(self.descriptor)


class FileWatch:
    """Many files, one inotify: a user may have only a hundred or so of those. Used from the running loop.

    Raises OSError where the user has none left.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), Path())
        self._calls: dict[int, list[Callable[[], None]]] = {}

    def add(self, descriptor: int, call: Callable[[], None]) -> int:
        """Call whenever the open file has been written to or cut, wherever it is by then. The number is for `remove`.
        Raises OSError.
        """
        path = Path(f"/proc/self/fd/{descriptor}")
        number = _checked(self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), MODIFY), path)
        if not self._calls:
            asyncio.get_running_loop().add_reader(self._descriptor, self._readable)
        self._calls.setdefault(number, []).append(call)  # a file that is added twice has one number
        return number

    def remove(self, number: int, call: Callable[[], None]) -> None:
        self._calls[number].remove(call)
        if not self._calls[number]:
            del self._calls[number]
            self._libc.inotify_rm_watch(self._descriptor, number)
        if not self._calls:
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def _readable(self) -> None:
        told = {number: happened.mask for number, happened in _events(self._descriptor)}
        numbers = list(self._calls) if any(mask & OVERFLOW for mask in told.values()) else list(told)
        for call in [call for number in numbers for call in self._calls.get(number, ())]:
            call()

    def close(self) -> None:
        """After all files have been removed; may be called again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _events(descriptor: int) -> Iterator[tuple[int, Happened]]:
    """What can be read now, each with the number of its watch."""
    try:
        content = os.read(descriptor, _BUFFER)
    except BlockingIOError:
        return
    at = 0
    while at < len(content):
        number, mask, _, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        yield number, Happened(mask, os.fsdecode(content[at : at + length].rstrip(b"\0")))
        at += length


def _checked(result: int, path: Path) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(path))
    return result
