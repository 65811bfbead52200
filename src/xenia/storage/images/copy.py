"""A copy of an image as it is, byte by byte: nothing in it is read as what it means."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from xenia.lib.aio import to_end
from xenia.storage.images.create import new_file, require_room
from xenia.storage.lock import lock
from xenia.storage.new_file import exists_already
from xenia.storage.paths import Place

_FICLONE = 0x40049409
"""_IOW(0x94, 9, int), linux/fs.h: the file systems that can (btrfs, XFS) let both files share what they hold."""

_CHUNK = 64 << 20
"""Bytes between two looks at whether to go on."""


async def copy(source: Place, folder: Place, name: str, tell: Callable[[float], None]) -> None:
    """Make the file `name` in `folder` a copy of `source`, holes left as holes; whole or not at all. Nobody writes to
    `source` meanwhile. `tell` is told how far it is.

    Raises a conflict where somebody writes to `source` or such a file is there, unavailable where it does not fit, and
    OSError.
    """
    descriptor = source.open(write=False)
    try:
        lock(descriptor, write=False, path=source.path)
        new = new_file(folder)
        try:
            if not await to_end(_shares, new.descriptor, descriptor):
                status = os.fstat(descriptor)
                require_room(folder, status.st_blocks * 512, "the copy")
                await _copy_bytes(descriptor, new.descriptor, os.lseek(descriptor, 0, os.SEEK_END), tell)
            await to_end(new.keep_durably, name)
        except FileExistsError as error:
            raise exists_already(Path(folder.path, name)) from error
        finally:
            new.close()
    finally:
        os.close(descriptor)


def _shares(target: int, source: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


async def _copy_bytes(source: int, target: int, size: int, tell: Callable[[float], None]) -> None:
    os.ftruncate(target, size)
    position = 0
    while position < size:
        position = await to_end(_copy_some, source, target, position, size)
        tell(position / size)


def _copy_some(source: int, target: int, position: int, size: int) -> int:
    """Copy what lies between `position` and where the result is; behind the end there is nothing left."""
    try:
        position = os.lseek(source, position, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return size
    end = min(os.lseek(source, position, os.SEEK_HOLE), position + _CHUNK, size)
    while position < end:
        content = os.pread(source, min(1 << 20, end - position), position)
        if not content:
            raise OSError(errno.EIO, "the image has become shorter")
        left = memoryview(content)
        while left:
            written = os.pwrite(target, left, position)
            left, position = left[written:], position + written
    return position
