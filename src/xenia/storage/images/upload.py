"""An image that comes piece by piece from somewhere else, byte by byte as it is there."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from xenia.lib.aio import to_end
from xenia.lib.text import printable
from xenia.model.errors import ErrorKind, XeniaError, invalid
from xenia.storage.images.look import SECTOR
from xenia.storage.inspect import Inspect
from xenia.storage.paths import Roots
from xenia.storage.qcow2 import Header, find_backing

_ZEROS = bytes(1 << 20)


async def take(
    descriptor: int, size: int, piece: Callable[[], Awaitable[bytes]], tell: Callable[[float], None]
) -> None:
    """Have the empty file open as `descriptor` hold the `size` bytes that `piece` gives one after the other, until it
    gives b"". Pieces of zeros become holes. `tell` is told how far it is.

    Raises invalid where more or fewer bytes come, what `piece` raises, and OSError.
    """
    await to_end(os.ftruncate, descriptor, size)
    position = 0
    while content := await piece():
        if position + len(content) > size:
            raise _other_size(f"more bytes came than the {size} that were announced")
        await to_end(_write, descriptor, content, position)
        position += len(content)
        tell(position / size)
    if position < size:
        raise _other_size(f"only {position} bytes came of {size}")


def _other_size(what: str) -> XeniaError:
    return invalid(what, "send it again, while nothing writes to the file")


def _write(descriptor: int, content: bytes, position: int) -> None:
    if len(content) <= len(_ZEROS) and _ZEROS.startswith(content):
        return
    left = memoryview(content)
    while left:
        written = os.pwrite(descriptor, left, position)
        left, position = left[written:], position + written


async def refuse_useless(inspect: Inspect, descriptor: int, path: str, roots: Roots) -> None:
    """Raises invalid for what can be no image, or has its content elsewhere, and denied for one that is based on a file
    that `roots` do not allow; it is to be called `path`.
    """
    reader = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        facts = await inspect("inspect_image", {}, [reader])
    finally:
        os.close(reader)
    shown = printable(path)
    if facts["format"] == "raw" and facts["size"] % SECTOR:
        raise invalid(
            f"'{shown}' can be no image: its {facts['size']} bytes are no whole sectors of {SECTOR}",
            "where it is packed (gzip, xz, zip), unpack it and send that",
        )
    if why := _elsewhere(facts):
        raise invalid(
            f"'{shown}' cannot be used: {why}", "make one plain file of it where it can be read, and send that"
        )
    if facts.get("backing"):
        _refuse_base(Header(facts["size"], facts["backing"], facts["backing_format"]), path, roots)


def _elsewhere(facts: dict[str, Any]) -> str:
    if facts.get("data_file"):
        return "it keeps its data in another file"
    return str(facts.get("elsewhere") or "")


def _refuse_base(header: Header, path: str, roots: Roots) -> None:
    """A base that is not there may be sent afterwards."""
    try:
        find_backing(header, path, path, roots).__exit__(None, None, None)
    except XeniaError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
