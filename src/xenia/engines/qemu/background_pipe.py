"""The pipe of a save that is made while its guest runs on.

QEMU 7.2 leaves the memory protected where such a save fails or is cancelled, and the guest stands still for good (put
right in 8.1, "migration: stop tracking ram writes when cancelling background migration"). So the pipe never breaks:
QEMU's end of it is one to read from as well, and it has a name in the run folder. What nobody wants any more is read to
its end all the same, after the death of an xend by the next one.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xenia.lib.pipe import widen

_PIECE = 1 << 20
_LOOK_AGAIN_MS = 50


def pipe_of(folder: Path) -> Path:
    """The pipe in a domain's run folder; it is there while the domain is saved so."""
    return folder / "background.save"


def make(folder: Path) -> tuple[int, int]:
    """Its ends, xend's and QEMU's; they are the caller's to close. Raises OSError."""
    path = pipe_of(folder)
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        widen(reader)
        return reader, os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except BaseException:
        os.close(reader)
        raise


@asynccontextmanager
async def emptying(reader: int) -> AsyncIterator[asyncio.Future[None]]:
    """While the context lasts, what comes out of the pipe is for nobody; the future is done when no more can come."""
    stop = threading.Event()
    running = asyncio.get_running_loop().run_in_executor(None, _empty, reader, stop)
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait({running})


def _empty(reader: int, stop: threading.Event) -> None:
    ready = select.poll()
    ready.register(reader, select.POLLIN)
    while not stop.is_set():
        if ready.poll(_LOOK_AGAIN_MS) and not os.read(reader, _PIECE):
            break


@asynccontextmanager
async def taken_over(folder: Path) -> AsyncIterator[None]:
    """While the context lasts, the pipe that an xend has left when it died is emptied; then it is gone. QEMU may not
    even answer before.
    """
    try:
        reader = os.open(pipe_of(folder), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        async with emptying(reader):
            yield
    finally:
        os.close(reader)
        pipe_of(folder).unlink(missing_ok=True)
