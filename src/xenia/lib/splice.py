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

_Needs = set[tuple[socket.socket, bool]]


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

    def go(self, needs: _Needs) -> bool:
        """Pass on what is there; whether there may be more. What it waits for is added to `needs`. Raises EOFError,
        OSError.
        """
        return all((self.rest or self._read(needs)) and self._write(needs) for _ in range(_PIECES))

    def _read(self, needs: _Needs) -> bool:
        try:
            count = self.source.recv_into(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            needs.add((self.source, _READ))
            return False
        except ssl.SSLWantWriteError:
            needs.add((self.source, _WRITE))
            return False
        if not count:
            raise EOFError
        self.rest = _PIECE[:count]
        return True

    def _write(self, needs: _Needs) -> bool:
        try:
            while self.rest:
                self.rest = self.rest[self.sink.send(self.rest) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            needs.add((self.sink, _WRITE))
        except ssl.SSLWantReadError:
            needs.add((self.sink, _READ))
        else:
            return True
        if self.rest.obj is _PIECE.obj:
            self.rest = memoryview(bytes(self.rest))
        return False


class _Both:
    """Both directions. Either may wait for either connection to be read or written, for TLS does: so whatever happens,
    both go on as far as they can.
    """

    def __init__(self, one: socket.socket, other: socket.socket) -> None:
        self._ways = _Way(one, other), _Way(other, one)
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._heard: _Needs = set()

    async def over(self) -> None:
        self._go()
        try:
            await self._over
        finally:
            self._hear(set())

    def _go(self) -> None:
        if self._over.done():
            return
        needs: _Needs = set()
        try:
            more = [way.go(needs) for way in self._ways]
        except (EOFError, OSError) as error:
            self._over.set_exception(error)
            return
        self._hear(needs)
        if any(more):
            self._loop.call_soon(self._go)

    def _hear(self, needs: _Needs) -> None:
        """Be called when what is needed is there, and for nothing else."""
        for connection, kind in self._heard - needs:
            (self._loop.remove_writer if kind is _WRITE else self._loop.remove_reader)(connection)
        for connection, kind in needs - self._heard:
            (self._loop.add_writer if kind is _WRITE else self._loop.add_reader)(connection, self._go)
        self._heard = needs
