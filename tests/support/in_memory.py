"""Connections that are nothing but memory: for what is said to somebody, and what they say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

_TURNS = 12
_MOST_TURNS = 2_000

VISITOR = "192.0.2.7"


class Written:
    """Takes what a StreamWriter is told; its TLS is transparent."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        pass

    async def start_tls(self, context: object) -> None:
        pass


def heard(data: bytes) -> asyncio.StreamReader:
    """Somebody who says `data` and hangs up."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


class Transport(asyncio.Transport):
    """That of a visitor, who has come over TLS."""

    def __init__(self) -> None:
        address = {"peername": (VISITOR, 4711), "sockname": ("192.0.2.1", 443), "sslcontext": object()}
        super().__init__(address)
        self.written = b""
        self.paused = False
        self._closing = False
        self._protocol: Any = None

    @property
    def protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def write(self, data: Any) -> None:
        if not self._closing:
            self.written += bytes(data)

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._lost)

    abort = close

    def _lost(self) -> None:
        self._protocol.connection_lost(None)


async def visit(protocol: Any, pieces: Iterable[bytes]) -> bytes:
    """Say all `pieces` to `protocol` and hang up; what it said. Raises TimeoutError where something of it goes on."""
    transport = Transport()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    for piece in pieces:
        if transport.is_closing() or transport.paused:
            break
        transport.protocol.data_received(piece)
        await _turns()
    transport.close()
    await _turns()
    for _ in range(_MOST_TURNS):
        if len(asyncio.all_tasks()) == 1:
            return transport.written
        await asyncio.sleep(0)
    raise TimeoutError(f"it goes on: {asyncio.all_tasks()}")


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Logged(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))
