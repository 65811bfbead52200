"""One of those who watch a console and type into it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import StrEnum

AUTO = "auto"
PARAVIRTUAL = "pv"
SERIAL = "serial"

Send = Callable[[str, bytes], Awaitable[None]]

_BACKLOG = 256 * 1024


class Ending(StrEnum):
    """Why watching came to its end."""

    GONE = "the guest is gone"
    SLOW = "this watcher did not keep up with the guest's output"
    STOPPING = "xend is stopping; the guest runs on"


class Watcher:
    """Made by the hub. `kind` is the console that is shown; with `switches` the paravirtual one once it speaks."""

    def __init__(self, kind: str, *, switches: bool, send: Send, leave: Callable[[Watcher], None]) -> None:
        self.kind = kind
        self.ending: Ending | None = None
        self._switches = switches
        self._send = send
        self._leave = leave
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._changed = asyncio.Event()

    def offer(self, kind: str, data: bytes) -> None:
        """Take output of the console `kind`, if it is the one shown. Never blocks: a watcher that lets 256 KiB wait is
        ended.
        """
        if self._switches and kind == PARAVIRTUAL:
            self.kind = PARAVIRTUAL
        if kind != self.kind or self.ending is not None or not data:
            return
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting > _BACKLOG:
            self._chunks.clear()
            self.end(Ending.SLOW)
        self._changed.set()

    def end(self, ending: Ending) -> None:
        """What was offered before can still be read."""
        if self.ending is None:
            self.ending = ending
            self._changed.set()

    async def read(self) -> bytes | None:
        """The next output, as much as there is; None once watching has ended, for the reason in `ending`."""
        while not self._chunks:
            if self.ending is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        return data

    async def write(self, data: bytes) -> None:
        """Type `data` into the console that is shown. Waits while the guest takes nothing in, at most 10 seconds."""
        await self._send(self.kind, data)

    def close(self) -> None:
        """Stop watching."""
        self._leave(self)
