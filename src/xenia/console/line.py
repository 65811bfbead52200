"""The one reader of one console of one guest."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import cast

from xenia.console.log import ConsoleLog
from xenia.console.ring import RING, Ring
from xenia.lib.sockets import address_of
from xenia.lib.terminal import DeviceTransport, open_terminal

log = logging.getLogger(__name__)

_INPUT_TIMEOUT = 10.0
_CHECK_EVERY = 64 * 1024
_TELLING = 16
"""Bytes that are hardly found twice by chance."""

_QUIET = 0.2
"""Seconds in which what a guest has said surely comes by the connection."""

_OVERLAP = 4096


class Line(asyncio.Protocol):
    """Connected to the console's stream socket for as long as the guest lives, or to its terminal while it is watched:
    what is read from a terminal is lost to others who would read it.

    `heard` is called with what the guest says, `lost` when the connection has ended. What a `fresh` guest's log holds
    already is of an earlier life.
    """

    def __init__(
        self, console_log: ConsoleLog, *, fresh: bool, heard: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self._ring = Ring()
        self.shared = False
        """Whether it is a terminal that others may read as well."""
        self._fresh = fresh
        self._log = console_log
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._joined = asyncio.Event()
        self._read_to: int | None = 0
        self._first = b""
        """What has come by the connection, until it is known where in the log it begins."""
        self._unchecked = 0

    async def connect(self, path: Path) -> None:
        """Raises OSError."""
        self._recall()
        if is_terminal(path):
            self.shared = True
            DeviceTransport(open_terminal(path), self)
            return
        with address_of(path) as address:
            await asyncio.get_running_loop().create_unix_connection(lambda: self, address)

    @property
    def has_spoken(self) -> bool:
        return bool(self._first or self._ring)

    async def settle(self) -> None:
        """To be called before `tail`: wait until what came first by the connection can be told from what the log has,
        as it surely can when the guest is quiet.
        """
        if self._first:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_QUIET):
                    await self._joined.wait()
        if self._first and self._read_to is not None:
            self._join(self._read_to)

    def tail(self, length: int) -> bytes:
        """The last `length` bytes at most of what the guest has said, as `Ring.tail` has it."""
        return self._ring.tail(length)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def write(self, data: bytes) -> None:
        """Input for the guest. What it has not begun to take in after 10 seconds is dropped, as a terminal would."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_INPUT_TIMEOUT):
                await self._writable.wait()
            if self._transport is not None:
                self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=16 * 1024)
        self._writable.set()

    def _recall(self) -> None:
        """What the guest has said so far. Before connecting: what the engine sends is then not in it yet."""
        size = self._log.size()
        if not self._fresh:
            self._ring.add(self._log.read(max(0, size - RING), RING))
        self._read_to = size
        self._bound_log()

    def data_received(self, data: bytes) -> None:
        if self._read_to is None:
            self._ring.add(data)
        else:
            self._first += data
            if len(self._first) >= _TELLING:
                self._join(self._read_to)
        self._heard(data)
        self._unchecked += len(data)
        if self._unchecked >= _CHECK_EVERY:
            self._bound_log()

    def _join(self, read_to: int) -> None:
        """Put what the guest wrote after the log was read to there, and before the engine took up our connection,
        before what has come by it. A few bytes are found in the log anywhere: so it waits for some more.
        """
        late = self._log.read(read_to, RING)
        self._ring.add(late[: place_of(self._first, late)])
        self._ring.add(self._first)
        self._read_to, self._first = None, b""
        self._joined.set()

    def _bound_log(self) -> None:
        self._unchecked = 0
        size = self._log.size()
        try:
            self._log.bound()
        except OSError as error:
            log.warning("cannot cut a console log: %s", error)
        if self._read_to is not None and self._log.size() < size:
            self._read_to = 0

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._writable.set()
        self._lost()


def is_terminal(path: Path) -> bool:
    """Raises OSError where there is nothing."""
    return stat.S_ISCHR(path.stat().st_mode)


def place_of(data: bytes, log: bytes) -> int:
    """Where in `log` the first `data` of a connection begins; the engine sends first and logs then.

    The log holds all of `data` and perhaps more, or ends with a beginning of it, or has nothing of it yet. In doubt it
    has nothing: better a few bytes twice than a line lost.
    """
    if len(data) >= _TELLING and (found := log.rfind(data)) >= 0:
        return found
    for length in range(min(len(data), len(log), _OVERLAP), 0, -1):
        if log.endswith(data[:length]):
            return len(log) - length
    return len(log)
