"""xenia-web's own front in memory, before a xend that notes what reaches it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from unittest.mock import patch

import h11
from tests.support.in_memory import VISITOR, Logged, visit
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close

from xenia.gateway.app import Gateway
from xenia.gateway.server import Server
from xenia.gateway.upstream import Exchange, Upstream

PASSED_ON = {
    *(b"host", b"x-xenia-address", b"authorization", b"transfer-encoding", b"accept", b"content-length"),
    *(b"content-type", b"if-match", b"if-none-match", b"user-agent", b"last-event-id"),
}

_NOT_WHOLE = "ASGI callable returned without completing response."
"""What uvicorn says where xend's answer ends too early."""
_LEFT = "ASGI callable returned without completing handshake."
"""What it says of a visitor who has not waited for the answer."""


class NotedXend(Upstream):
    """Answers each request with `answer`, when it is whole, and says `messages` to a WebSocket, then closes it if it
    `ends`. `wrong` tells what xend must not be told, `heard` what it was over WebSockets.
    """

    def __init__(self, answer: bytes = b"", messages: Sequence[bytes | str] = (), *, ends: bool = False) -> None:
        super().__init__("/nowhere")
        self.answer_bytes = answer
        self.messages = messages
        self.ends = ends
        self.wrong: list[str] = []
        self.heard: list[bytes | str] = []

    async def _connect(self) -> Exchange:
        reader = asyncio.StreamReader()
        return Exchange(reader, cast(Any, _ToXend(self, reader)))


class _ToXend:
    def __init__(self, xend: NotedXend, reader: asyncio.StreamReader) -> None:
        self._xend = xend
        self._reader = reader
        self._http = h11.Connection(h11.SERVER)
        self._closed = False

    def write(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            while (event := self._http.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Request):
                    self._look(event)
                if isinstance(event, h11.EndOfMessage):
                    self._reader.feed_data(self._xend.answer_bytes)
                    self._http = h11.Connection(h11.SERVER)
        except h11.RemoteProtocolError as error:
            self._xend.wrong.append(f"{data!r}: {error}")

    def _look(self, request: h11.Request) -> None:
        names = [bytes(name) for name, _ in request.headers]
        if not set(names) <= PASSED_ON or names.count(b"x-xenia-address") != 1 or names.count(b"host") != 1:
            self._xend.wrong.append(repr(request))
        if (b"x-xenia-address", VISITOR.encode()) not in list(request.headers):
            self._xend.wrong.append(repr(request))

    async def drain(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    async def wait_closed(self) -> None:
        pass


class _WebSocketToXend:
    def __init__(self, xend: NotedXend, offered: Sequence[str] | None) -> None:
        self.subprotocol = next(iter(offered or ()), None)
        self._messages = list(xend.messages)
        self._xend = xend

    async def __aenter__(self) -> _WebSocketToXend:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def recv(self) -> bytes | str:
        if self._messages:
            return self._messages.pop(0)
        if not self._xend.ends:
            await asyncio.Event().wait()
        raise ConnectionClosedOK(Close(1001, "xend is stopping"), None)

    async def send(self, message: bytes | str) -> None:
        self._xend.heard.append(message)


class Front:
    """For one visitor after another."""

    def __init__(self) -> None:
        self.gateway = Gateway("/nowhere", xen_api=True)
        self._server = Server(self.gateway, cast(Any, None), cast(Any, None), lambda: None)
        self._logged = Logged()
        self._xend = NotedXend()

    async def _open(
        self, _: str, target: str, *, additional_headers: Mapping[str, str], subprotocols: Sequence[str], **__: object
    ) -> Any:
        said = (target, *additional_headers.keys(), *additional_headers.values(), *(subprotocols or ()))
        if not all(each.isprintable() and each.isascii() for each in said):
            self._xend.wrong.append(repr(said))
        return _WebSocketToXend(self._xend, subprotocols)

    async def visited(self, pieces: Iterable[bytes], xend: NotedXend, *, cut: bool = False) -> bytes:
        """What a visitor is told who says all that. `cut`: xend's answer ends too early. Raises AssertionError for what
        must never be.
        """
        self.gateway._upstream = self._xend = xend
        self._logged.messages.clear()
        config, state = self._server.config, self._server.server_state
        loop = asyncio.get_running_loop()
        protocol = config.http_protocol_class(config=config, server_state=state, app_state={}, _loop=loop)  # type: ignore[call-arg, operator]
        logging.getLogger().addHandler(self._logged)
        try:
            with patch("xenia.gateway.relay.unix_connect", self._open):
                told = await visit(protocol, pieces)
        finally:
            logging.getLogger().removeHandler(self._logged)
        logged = [each for each in self._logged.messages if each != _LEFT and not (cut and each == _NOT_WHOLE)]
        assert not logged, logged
        assert not xend.wrong, xend.wrong
        assert not state.connections, "a connection is left"
        assert not told or told.startswith(b"HTTP/1.1 "), told
        assert b"HTTP/1.1 500" not in told, told
        return told
