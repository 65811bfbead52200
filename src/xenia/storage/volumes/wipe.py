"""Zeros for what a new volume takes over from volumes that were there before."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable

from xenia.lib.aio import to_end

_BLKZEROOUT = 0x127F
"""_IO(0x12, 127), linux/fs.h. The device does it by itself where it can, else the kernel writes zeros."""
_CHUNK = 64 << 20
"""Bytes between two looks at whether to go on."""


async def wipe(descriptor: int, begin: int, end: int, tell: Callable[[float], object]) -> None:
    """Have zeros between these bytes of a block device, durably. `tell` is told how far it is. Raises OSError."""
    position = begin
    while position < end:
        size = min(_CHUNK, end - position)
        await to_end(fcntl.ioctl, descriptor, _BLKZEROOUT, struct.pack("=QQ", position, size))
        position += size
        tell((position - begin) / (end - begin))
    await to_end(os.fsync, descriptor)
