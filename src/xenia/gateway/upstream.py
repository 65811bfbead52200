"""Requests passed on to xend, over the door that it has for xenia-web."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import h11

from xenia.model.errors import unavailable

_SECONDS_TO_CONNECT = 10.0
_PIECE = 1 << 16
_MOST_IDLE = 32
_IDLE_SECONDS = 5.0

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head, as it is to reach xend."""

    method: str
    target: bytes
    headers: Headers


class Exchange:
    """One request to xend, and its answer; then, over the same connection, the next one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self.idle_since = 0.0

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

    def begin_again(self) -> bool:
        """Whether all was said and heard, and another request may be made."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE or self.over:
            return False
        self._http.start_next_cycle()
        return True

    @property
    def over(self) -> bool:
        """Whether xend has closed the connection."""
        return self._reader.at_eof() or self._writer.is_closing()

    def close(self) -> None:
        self._writer.close()

    async def closed(self) -> None:
        """As `close`, and done when it is."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

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


class Upstream:
    """Connections to the xend that listens at `socket`; some that are idle are kept for the next request."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._idle: list[Exchange] = []

    @asynccontextmanager
    async def exchange(self) -> AsyncIterator[Exchange]:
        """A connection for one request. Raises unavailable where no xend listens."""
        exchange = self._kept() or await self._connect()
        try:
            yield exchange
            again = exchange.begin_again()
        except BaseException:
            exchange.close()
            raise
        if again and len(self._idle) < _MOST_IDLE:
            exchange.idle_since = time.monotonic()
            self._idle.append(exchange)
        else:
            exchange.close()

    async def close(self) -> None:
        """Let go of those that are idle; at the end."""
        while self._idle:
            await self._idle.pop().closed()

    def _kept(self) -> Exchange | None:
        """One that xend has not closed, nor is about to: it does that after half a minute."""
        while self._idle:
            exchange = self._idle.pop()
            if not exchange.over and time.monotonic() - exchange.idle_since < _IDLE_SECONDS:
                return exchange
            exchange.close()
        return None

    async def _connect(self) -> Exchange:
        try:
            async with asyncio.timeout(_SECONDS_TO_CONNECT):
                return Exchange(*await asyncio.open_unix_connection(self.socket))
        except (OSError, TimeoutError) as error:
            raise unavailable("xend does not answer", "is it running? on the host: xm list") from error


def _gone() -> Exception:
    return unavailable("xend went away before it had answered", "it may be starting anew: try again")
