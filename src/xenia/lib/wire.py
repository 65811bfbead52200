"""Connections as they are, for what is passed on by the megabyte: asyncio's streams copy each byte some times more, and
TLS in them most of all.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

_Result = TypeVar("_Result")

_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_SHUT = (errno.EINVAL, errno.EBADF)
_WHILE_SHORT = 1.0
"""Seconds."""
_UNHEARD = 1 << 16


class Reader(Protocol):
    """What a handshake reads from: a Wire, or one of asyncio's streams."""

    async def readexactly(self, n: int, /) -> bytes: ...


class Writer(Protocol):
    """What it writes to."""

    def write(self, data: bytes, /) -> None: ...

    async def drain(self) -> None: ...

    async def start_tls(self, sslcontext: ssl.SSLContext, /) -> None: ...


class Wire:
    """One end of a connection, which is its own from now on. Nothing is read ahead: whoever goes on with `connection`
    finds there all that was not asked for.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            with suppress(OSError):  # whoever has gone again is found out when they are spoken to
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self._unsent = b""

    async def readexactly(self, n: int, /) -> bytes:
        """The next `n` bytes, once what was written is sent. Raises EOFError, OSError."""
        await self.drain()
        data = b""
        while len(data) < n:
            missing = n - len(data)
            piece = await self._done(lambda: self.connection.recv(missing), write=False)  # noqa: B023 (called at once)
            if not piece:
                raise EOFError
            data += piece
        return data

    def write(self, data: bytes, /) -> None:
        """Send it with the next `drain` or `readexactly`."""
        self._unsent += data

    async def drain(self) -> None:
        """Send what was written. Raises OSError."""
        while self._unsent:
            sent = await self._done(lambda: self.connection.send(self._unsent), write=True)
            self._unsent = self._unsent[sent:]

    async def start_tls(self, sslcontext: ssl.SSLContext, /) -> None:
        """Go on in TLS, as the server where the context is one's. Raises OSError."""
        await self.drain()
        server = sslcontext.protocol is ssl.PROTOCOL_TLS_SERVER
        inner = sslcontext.wrap_socket(self.connection, server_side=server, do_handshake_on_connect=False)
        self.connection = inner
        await self._done(inner.do_handshake, write=False)

    def certificate(self) -> bytes | None:
        """That of the other end, in DER; None where it has shown none."""
        inner = self.connection
        return inner.getpeercert(binary_form=True) if isinstance(inner, ssl.SSLSocket) else None

    async def _done(self, act: Callable[[], _Result], *, write: bool) -> _Result:
        """Do it as soon as the other end lets it; `write` where a socket that blocks is one that is full."""
        while True:
            try:
                return act()
            except ssl.SSLWantWriteError:
                await self._ready(write=True)
            except ssl.SSLWantReadError:
                await self._ready(write=False)
            except BlockingIOError:
                await self._ready(write=write)

    async def _ready(self, *, write: bool) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        begin, end = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
        begin(self.connection, _set, ready)
        try:
            await ready
        finally:
            end(self.connection)

    async def hang_up(self) -> None:
        """Send what was written, say that this was all, and wait until the other end has gone: what it says meanwhile
        would else have it lose what it was told. Raises OSError.
        """
        await self.drain()
        self._say_goodbye()
        self.connection.shutdown(socket.SHUT_WR)
        while await self._done(lambda: self.connection.recv(_UNHEARD), write=False):
            pass

    def _say_goodbye(self) -> None:
        """In TLS, where that can be done at once."""
        if isinstance(self.connection, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self.connection.unwrap()

    def close(self) -> None:
        self._say_goodbye()
        self.connection.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


async def visitors(listener: socket.socket) -> AsyncIterator[tuple[socket.socket, str]]:
    """Who comes to a socket that listens, and from where, until it was shut. While there are no descriptors for more,
    they wait.
    """
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, address = await loop.sock_accept(listener)
        except OSError as error:
            if error.errno in _SHUT:
                return
            await asyncio.sleep(_WHILE_SHORT if error.errno in _SHORT else 0)  # others have gone again (accept(2))
        else:
            yield connection, str(address[0]) if isinstance(address, tuple) else "?"


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
