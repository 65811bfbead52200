"""Requests passed on to xend, over the door that it has for xenia-web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import h11

from xenia.model.errors import unavailable

_SECONDS_TO_CONNECT = 10.0
_PIECE = 1 << 16

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head, as it is to reach xend."""

    method: str
    target: bytes
    headers: Headers


class Exchange:
    """One request to xend, and its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, asked: Asked) -> None:
        await self._send(h11.Request(method=asked.method, target=asked.target, headers=list(asked.headers)))

    async def send(self, content: bytes) -> None:
        """A piece of the body."""
        await self._send(h11.Data(data=content))

    async def end(self) -> None:
        """The body is whole."""
        await self._send(h11.EndOfMessage())

    async def answer(self) -> h11.Response:
        """The head of the answer. Raises as `_next`."""
        while not isinstance(event := await self._next(), h11.Response):
            pass
        return event

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer's body. Raises as `_next`."""
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def _next(self) -> h11.Event:
        """Raises unavailable where xend goes away before it has answered."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            try:
                self._http.receive_data(await self._reader.read(_PIECE))
            except (OSError, h11.RemoteProtocolError) as error:
                raise _gone() from error
        if isinstance(event, h11.ConnectionClosed):
            raise _gone()
        return cast(h11.Event, event)

    async def _send(self, event: h11.Event) -> None:
        content = self._http.send(event)
        if content:
            with suppress(ConnectionError):  # it may have answered before it has read all
                self._writer.write(content)
                await self._writer.drain()


@asynccontextmanager
async def exchange(socket: str) -> AsyncIterator[Exchange]:
    """A connection for one request. Raises unavailable where no xend listens."""
    try:
        async with asyncio.timeout(_SECONDS_TO_CONNECT):
            reader, writer = await asyncio.open_unix_connection(socket)
    except (OSError, TimeoutError) as error:
        raise unavailable("xend does not answer", "is it running? on the host: xm list") from error
    try:
        yield Exchange(reader, writer)
    finally:
        writer.close()


def _gone() -> Exception:
    return unavailable("xend went away before it had answered", "it may be starting anew: try again")
