"""The one reader of one console of one guest."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import cast

from xenia.console.log import ConsoleLog
from xenia.console.ring import RING, Ring
from xenia.lib.inotify import FileWatch
from xenia.lib.terminal import DeviceTransport, open_terminal

_INPUT_TIMEOUT = 10.0


class Line(asyncio.Protocol):
    """Connected for as long as the guest lives: to the pipe that takes its input, while what it says is read from its
    log; or, while it is watched, to its terminal: what is read from that is lost to others who would read it.

    `heard` is called with what the guest says, `lost` when the connection has ended. What a `fresh` guest's log holds
    already is of an earlier life.
    """

    def __init__(
        self,
        place: Callable[[], Path | None],
        watch: FileWatch,
        *,
        fresh: bool,
        heard: Callable[[bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self._ring = Ring()
        self.shared = False
        """Whether it is a terminal that others may read as well."""
        self._fresh = fresh
        self._log = ConsoleLog(place, watch, self.data_received)
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.WriteTransport | None = None
        self._writable = asyncio.Event()

    async def connect(self, path: Path) -> None:
        """Raises OSError."""
        if is_terminal(path):
            self.shared = True
            DeviceTransport(open_terminal(path), self)
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        pipe = open(descriptor, "wb", buffering=0)  # noqa: SIM115 (the transport closes it)
        try:
            self._ring.add(self._log.open(0 if self._fresh else RING))
        except OSError:
            pipe.close()
            raise
        await asyncio.get_running_loop().connect_write_pipe(lambda: self, pipe)

    @property
    def has_spoken(self) -> bool:
        return bool(self._ring)

    def catch_up(self) -> None:
        """Hear what the guest has said by now."""
        self._log.read_on()

    def tail(self, length: int) -> bytes:
        """The last `length` bytes at most of what the guest has said, as `Ring.tail` has it."""
        return self._ring.tail(length)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def write(self, data: bytes) -> None:
        """Input for the guest. What it has not begun to take in after 10 seconds is dropped, as a terminal would."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_INPUT_TIMEOUT):
                await self._writable.wait()
            if self._transport is not None:
                self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.set_write_buffer_limits(high=16 * 1024)
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._ring.add(data)
        self._heard(data)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._log.close()
        self._transport = None
        self._writable.set()
        self._lost()


def is_terminal(path: Path) -> bool:
    """Raises OSError where there is nothing."""
    return stat.S_ISCHR(path.stat().st_mode)
