"""Bytes of a disk, wherever they come from, and the one error of those who read them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_Value = TypeVar("_Value")


class Unreadable(Exception):
    """What a stranger's image holds cannot be used: `message` says why, `hint` what its owner can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Blocks(Protocol):
    """`size` bytes. `read` gives exactly `length` bytes, zeros for those behind the end."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes: ...


class RawBlocks:
    """The file or device open as `descriptor`, as it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.lseek(descriptor, 0, os.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """Raises Unreadable where the host cannot read it."""
        return read_file(self._descriptor, offset, length)


class Window:
    """`size` bytes of `below` from `start` on, and nothing else of it."""

    def __init__(self, below: Blocks, start: int, size: int) -> None:
        self._below = below
        self._start = start
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Raises Unreadable for what does not lie within the window."""
        if not 0 <= offset <= offset + length <= self.size:
            raise Unreadable("it points to places behind its own end")
        return self._below.read(self._start + offset, length)


class Recent(Generic[_Value]):
    """The last `most` values that a function gave, by its argument."""

    def __init__(self, most: int, function: Callable[[int], _Value]) -> None:
        self._most = most
        self._function = function
        self._values: dict[int, _Value] = {}

    def __call__(self, key: int) -> _Value:
        if key not in self._values:
            value = self._function(key)
            if len(self._values) >= self._most:
                del self._values[next(iter(self._values))]
            self._values[key] = value
        return self._values[key]


def read_file(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes of an open file, zeros for those behind its end. Raises Unreadable."""
    parts = []
    while length:
        try:
            part = os.pread(descriptor, length, offset)
        except OSError as error:
            raise Unreadable(f"the host cannot read it: {error.strerror}") from error
        if not part:
            parts.append(bytes(length))
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
