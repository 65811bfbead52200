"""inotify(7): the kernel tells what happens in a folder."""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass
from pathlib import Path

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
        try:
            content = os.read(self.descriptor, _BUFFER)
        except BlockingIOError:
            return []
        happened, at = [], 0
        while at < len(content):
            _, mask, _, length = _HEAD.unpack_from(content, at)
            at += _HEAD.size
            happened.append(Happened(mask, os.fsdecode(content[at : at + length].rstrip(b"\0"))))
            at += length
        return happened

    def close(self) -> None:
        os.close(self.descriptor)


def _checked(result: int, path: Path) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(path))
    return result
