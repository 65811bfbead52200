"""Two connections made one."""

from __future__ import annotations

import asyncio
import socket
import ssl

from xenia.lib.wire import Wire

_PIECE = memoryview(bytearray(1 << 18))
"""For all connections of this thread's loop, one after the other: what cannot be sent at once is copied out of it."""
_PIECES = 8
"""Of one direction, until others have their turn."""

_READ, _WRITE = False, True

_Need = tuple[socket.socket, bool]
"""A connection that is to be readable, or writable."""


async def splice(one: Wire, other: Wire) -> None:
    """Pass on what either side says until one of them ends, at the pace of who reads it. Raises EOFError then, or
    OSError.
    """
    await one.drain()
    await other.drain()
    await _Both(one.connection, other.connection).over()


class _Way:
    """One direction."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.rest = memoryview(b"")
        """What `sink` has not taken yet."""
        self.need: _Need | None = None
        """What it waits for; None while there may be more."""
        self._in_the_clear = not isinstance(source, ssl.SSLSocket)

    def go(self) -> None:
        """Pass on what is there. Raises EOFError, OSError."""
        for _ in range(_PIECES):
            self.need = self._piece()
            if self.need is not None:
                return

    def _piece(self) -> _Need | None:
        """Pass on a piece, or the rest of one; what has to be there before there can be more."""
        count = 0
        if not self.rest:
            try:
                count = self.source.recv_into(_PIECE)
            except (BlockingIOError, ssl.SSLWantReadError):
                return self.source, _READ
            except ssl.SSLWantWriteError:
                return self.source, _WRITE
            if not count:
                raise EOFError
            self.rest = _PIECE[:count]
        try:
            while self.rest:
                self.rest = self.rest[self.sink.send(self.rest) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            return self._rest_for(_WRITE)
        except ssl.SSLWantReadError:
            return self._rest_for(_READ)
        emptied = self._in_the_clear and 0 < count < len(_PIECE)  # where there is none, epoll says so cheaper
        return (self.source, _READ) if emptied else None

    def _rest_for(self, kind: bool) -> _Need:
        if self.rest.obj is _PIECE.obj:
            self.rest = memoryview(bytes(self.rest))
        return self.sink, kind


class _Both:
    """Both directions."""

    def __init__(self, one: socket.socket, other: socket.socket) -> None:
        self._ways = _Way(one, other), _Way(other, one)
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._needs: tuple[_Need | None, ...] = ()
        self._soon = False

    async def over(self) -> None:
        self._go(None)
        try:
            await self._over
        finally:
            self._hear(())

    def _go(self, there: _Need | None) -> None:
        """Go on where `there` was waited for, or where there may be more."""
        if self._over.done():
            return
        if there is None:
            self._soon = False
        try:
            for way in self._ways:
                if way.need == there:
                    way.go()
        except (EOFError, OSError) as error:
            self._over.set_exception(error)
            return
        needs = (self._ways[0].need, self._ways[1].need)
        if needs != self._needs:
            self._hear(needs)
        if None in needs and not self._soon:
            self._soon = True
            self._loop.call_soon(self._go, None)

    def _hear(self, needs: tuple[_Need | None, ...]) -> None:
        """Be called when what is needed is there, and for nothing else."""
        before, now = set(filter(None, self._needs)), set(filter(None, needs))
        for connection, kind in before - now:
            (self._loop.remove_writer if kind is _WRITE else self._loop.remove_reader)(connection)
        for need in now - before:
            (self._loop.add_writer if need[1] is _WRITE else self._loop.add_reader)(need[0], self._go, need)
        self._needs = needs
