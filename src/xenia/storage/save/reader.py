"""Reading a save: nothing is handed on that has not been checked."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from xxhash import xxh3_64_intdigest

from xenia.model.errors import XeniaError, invalid
from xenia.model.save import SaveInfo
from xenia.storage.save.ahead import read_ahead
from xenia.storage.save.extents import data_by_chunk, direct, read_all, write_all
from xenia.storage.save.layout import CHECKSUM_SIZE, CHUNK, ZEROS, Layout, chunks, pieces
from xenia.storage.save.parallel import each_chunk, in_thread

_LOOK_AGAIN_MS = 200

_LENT = (0, 0)
"""When a file that was lent says that it was written to: the clock of a file system is too coarse to tell."""

_WORTH_LENDING = 64 << 20
"""Bytes. Less is copied while QEMU starts, and what has a memory of its own is saved faster the next time."""


@dataclass(frozen=True, slots=True)
class OpenedSave:
    """`trusted`: only xend's own user can have written it. The descriptor belongs to who has opened it.
    `tell` is told how much has been read. `share` puts the memory into a file that many guests map; that is `template`,
    open as long as the save is. `untouched`: xend has kept it itself, and nobody has written to the file since.
    """

    path: str
    descriptor: int
    layout: Layout
    info: SaveInfo
    trusted: bool
    share: Callable[[OpenedSave], Awaitable[OpenedSave]]
    tell: Callable[[float], None] = lambda _: None
    template: int | None = None
    untouched: bool = False

    @property
    def memory(self) -> int:
        """Bytes of memory in it; 0 where the state holds the memory as well."""
        return self.layout.memory

    async def fill(self, memory: int) -> None:
        """Copy the memory into the empty file `memory`. Raises invalid where a byte is not as it was saved, OSError."""
        sums = self._checksums(0, chunks(self.layout.memory))
        extents = data_by_chunk(self.descriptor, self.layout.memory, CHUNK)
        source = direct(self.descriptor, os.O_RDONLY)

        def copy(at: int, length: int, room: memoryview) -> None:
            data = extents.get(at, [])
            if not data and length == CHUNK and sums[at // CHUNK] == ZEROS:
                return
            self._check(source, room, at, sums[at // CHUNK], "memory", at)
            for begin, size in data:
                write_all(memory, room[begin - at : begin - at + size], begin)

        try:
            await each_chunk(self.layout.memory, copy, self.tell)
        finally:
            os.close(source)

    async def mapped(self) -> OpenedSave:
        """With its memory in a file that many guests may map. Raises as `fill`."""
        return await self.share(self)

    def lent(self) -> OpenedSave:
        """With its memory to be mapped by the guest that is in it, from the file itself and unchecked; as it is where
        that is not worth it.

        QEMU wants to open for writing what it maps. So who is given the descriptor may, until it is closed here; that
        it does so harms its own memory alone, for the rest is known by the seal. The file is not untouched any more.
        """
        if not self.layout.memory or os.fstat(self.descriptor).st_blocks * 512 < _WORTH_LENDING:
            return self
        os.utime(self.descriptor, ns=_LENT)
        os.fchmod(self.descriptor, 0o666)  # nobody else can reach it: its folder is xend's own
        return replace(self, template=self.descriptor)

    def read_ahead(self) -> None:
        """Have a memory that was lent in the page cache before the guest asks for it."""
        if self.template == self.descriptor:
            read_ahead(self.descriptor, self.layout.memory)

    async def feed(self, state: int) -> None:
        """Write the state into the pipe `state`. Raises as `fill`, and BrokenPipeError when nobody reads it."""
        loop = asyncio.get_running_loop()

        def told(done: int) -> None:
            if not self.layout.memory:
                loop.call_soon_threadsafe(self.tell, done / self.layout.state)

        await in_thread(lambda stop: self._feed(state, told, stop))

    def _feed(self, state: int, told: Callable[[int], None], stop: threading.Event) -> None:
        sums = self._checksums(chunks(self.layout.memory), chunks(self.layout.state))
        os.set_blocking(state, False)
        ready = select.poll()
        ready.register(state, select.POLLOUT)
        room = memoryview(bytearray(CHUNK))
        for number, (at, length) in enumerate(pieces(self.layout.state)):
            self._check(self.descriptor, room[:length], self.layout.memory + at, sums[number], "state", at)
            done = 0
            while done < length:
                if stop.is_set():
                    return
                if ready.poll(_LOOK_AGAIN_MS):
                    done += os.write(state, room[done:length])
            told(at + length)

    async def check(self) -> None:
        """Look at every byte. Raises as `fill`."""
        sums = self._checksums(0, chunks(self.layout.memory))
        await each_chunk(
            self.layout.memory,
            lambda at, _, room: self._check(self.descriptor, room, at, sums[at // CHUNK], "memory", at),
            self.tell,
        )
        sums = self._checksums(chunks(self.layout.memory), chunks(self.layout.state))
        start = self.layout.memory
        await each_chunk(
            self.layout.state,
            lambda at, _, room: self._check(self.descriptor, room, start + at, sums[at // CHUNK], "state", at),
            self.tell,
        )

    def _check(self, source: int, room: memoryview, at: int, wanted: int, section: str, place: int) -> None:
        try:
            read_all(source, room, at)
        except EOFError:
            raise self._damaged("it has grown shorter") from None
        if xxh3_64_intdigest(room) != wanted:
            raise self._damaged(f"the {section} between {place >> 20} and {(place + CHUNK) >> 20} MiB has changed")

    def _checksums(self, first: int, count: int) -> array[int]:
        content = bytearray(CHECKSUM_SIZE * count)
        try:
            read_all(self.descriptor, memoryview(content), self.layout.checksums_at + CHECKSUM_SIZE * first)
        except EOFError:
            raise self._damaged("it has grown shorter") from None
        sums = array("Q")
        sums.frombytes(bytes(content))
        return sums

    def _damaged(self, how: str) -> XeniaError:
        return invalid(
            f"{self.path} is damaged: {how} since it was saved",
            "take another copy of it, or start the domain afresh: xm create",
        )
