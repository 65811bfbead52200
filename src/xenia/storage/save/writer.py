"""Writing a save: the state of the devices, the memory, then what is said of them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import select
import threading
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

from xxhash import xxh3_64, xxh3_64_intdigest

from xenia.lib.codec import to_plain
from xenia.model.save import SaveInfo
from xenia.model.seal import Seal
from xenia.storage.save.extents import Extents, data_by_chunk, direct, read_all, write_all
from xenia.storage.save.layout import CHUNK, ZEROS, Layout, chunks
from xenia.storage.save.naming import name
from xenia.storage.save.parallel import each_chunk, in_thread

_PIECE = 1 << 20
_LOOK_AGAIN_MS = 200


class SaveWriter:
    """Fills the open file `descriptor`, which has no name yet and is to be `path`: `state`, then `memory`, `finish`,
    and `keep`. All raise OSError where the file takes no more. `tell` is told how much is in it.
    """

    def __init__(self, descriptor: int, path: Path, identity: str, tell: Callable[[float], None]) -> None:
        self._file = descriptor
        self._path = path
        self._tell = tell
        self._layout = Layout(identity, 0, 0, 0, 0)
        self._memory = array("Q")
        self._state = array("Q")
        self._digest = ""

    async def state(self, source: int, *, memory: int, expected: int = 0) -> None:
        """Take what comes out of the pipe `source`, up to its end; `memory` bytes of memory are to come before it.

        Where it is known that some `expected` bytes come, there must be room for them, and it is told how many have.
        """
        self._require_room(expected)
        loop = asyncio.get_running_loop()

        def told(size: int) -> None:
            if expected:
                loop.call_soon_threadsafe(self._tell, min(1.0, size / expected))

        self._layout = replace(self._layout, memory=memory)
        self._memory = array("Q", [ZEROS]) * chunks(memory)
        size = await in_thread(lambda stop: self._empty(source, memory, told, stop))
        self._layout = replace(self._layout, state=size)

    def _require_room(self, size: int) -> None:
        """Not made at once: how much comes is known roughly, and what is too much would have to be given back."""
        free = os.fstatvfs(self._file)
        if free.f_bavail * free.f_frsize < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def _empty(self, source: int, at: int, told: Callable[[int], None], stop: threading.Event) -> int:
        ready = select.poll()
        ready.register(source, select.POLLIN)
        size, total = 0, xxh3_64()
        with self._named():
            while not stop.is_set():
                if not ready.poll(_LOOK_AGAIN_MS):
                    continue
                piece = os.read(source, min(_PIECE, CHUNK - size % CHUNK))
                if not piece:
                    break
                write_all(self._file, piece, at + size)
                size += len(piece)
                total.update(piece)
                told(size)
                if size % CHUNK == 0:
                    self._state.append(total.intdigest())
                    total.reset()
        if size % CHUNK:
            self._state.append(total.intdigest())
        return size

    async def memory(self, source: int) -> None:
        """Copy the memory from the file `source`, as large as `state` was told. What is a hole there stays one."""
        target = direct(self._file, os.O_WRONLY)
        try:
            size = self._layout.memory
            data = await in_thread(lambda _: self._make_room(source, size))
            copy = self._copy
            await each_chunk(size, lambda at, _, room: copy(source, target, at, data.get(at, []), room), self._tell)
        finally:
            os.close(target)

    def _make_room(self, source: int, size: int) -> Extents:
        """What of the memory is data. Room is made for it at once: so what does not fit is known before it is written,
        and threads write side by side.
        """
        data = data_by_chunk(source, size, CHUNK)
        with self._named():
            for begin, length in chain.from_iterable(data.values()):
                os.posix_fallocate(self._file, begin, length)
        return data

    def _copy(self, source: int, target: int, at: int, data: Sequence[tuple[int, int]], room: memoryview) -> None:
        if not data and len(room) == CHUNK:
            return
        read_all(source, room, at)
        self._memory[at // CHUNK] = xxh3_64_intdigest(room)
        with self._named():
            for begin, size in data:
                write_all(target, room[begin - at : begin - at + size], begin)

    async def finish(self, info: SaveInfo) -> None:
        """Add what the save says of itself; all of it is on the disk then."""
        content = json.dumps(to_plain(info)).encode()
        checksums = (self._memory + self._state).tobytes()
        tail = zlib.crc32(content, zlib.crc32(checksums))
        layout = self._layout = replace(self._layout, metadata=len(content), tail=tail)
        end = checksums + content + layout.trailer()
        self._digest = hashlib.sha256(end).hexdigest()
        await in_thread(lambda _: self._end(end, layout.checksums_at))

    async def keep(self) -> Seal:
        """Give it its name. Raises a conflict where another file has got that meanwhile."""
        await in_thread(lambda _: name(self._file, self._path, self._layout.id))
        status = os.fstat(self._file)
        return Seal(self._digest, status.st_ino, status.st_mtime_ns)

    def _end(self, content: bytes, at: int) -> None:
        with self._named():
            write_all(self._file, content, at)
            os.fsync(self._file)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
