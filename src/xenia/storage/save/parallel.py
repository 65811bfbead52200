"""Work on the chunks of a file, by some threads at once: reading, summing and writing let go of Python's lock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from xenia.storage.save.extents import buffer
from xenia.storage.save.layout import CHUNK, chunks, pieces

T = TypeVar("T")

_THREADS = 4
"""While one waits for the disk, others sum."""

Chunk = Callable[[int, int, memoryview], None]
"""What is done with a chunk: its offset and length, and a buffer for it."""


async def in_thread(work: Callable[[threading.Event], T]) -> T:
    """The result of `work`, done beside the loop. Whoever is cancelled here sets the event, upon which the work is to
    end soon, and goes on when it has ended.
    """
    stop = threading.Event()
    running = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(running)
    finally:
        stop.set()
        await asyncio.wait({running})


async def each_chunk(size: int, do: Chunk, tell: Callable[[float], None]) -> None:
    """Do it to each chunk of `size` bytes, in any order; `tell` is told how much is done. Raises what that raises."""
    loop = asyncio.get_running_loop()

    def told(done: float) -> None:
        loop.call_soon_threadsafe(tell, done)

    await in_thread(lambda stop: _all(size, do, stop, told))


def _all(size: int, do: Chunk, stop: threading.Event, tell: Callable[[float], None]) -> None:
    turns = _Turns(pieces(size), chunks(size), tell)

    def work() -> None:
        room = buffer(CHUNK)
        try:
            while not stop.is_set() and (piece := turns.next()) is not None:
                do(*piece, room[: piece[1]])
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="save") as pool:
        for each in [pool.submit(work) for _ in range(_THREADS)]:
            each.result()


class _Turns:
    """Gives out the chunks, each once."""

    def __init__(self, chunks: Iterator[tuple[int, int]], count: int, tell: Callable[[float], None]) -> None:
        self._chunks = chunks
        self._count = count
        self._tell = tell
        self._given = 0
        self._lock = threading.Lock()

    def next(self) -> tuple[int, int] | None:
        with self._lock:
            piece = next(self._chunks, None)
            if piece is not None:
                self._tell(self._given / self._count)
                self._given += 1
            return piece
