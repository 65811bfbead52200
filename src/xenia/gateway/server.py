"""Serving, by TLS, whoever comes: with bounds on all that one of them can take."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

_STOP_SECONDS = 3
_HEAD_SECONDS = 20.0
_LARGEST_FRAME = 64 * 1024
_MOST_CONNECTIONS = 2_000
_WAITING = 512


class TimedProtocol(H11Protocol):
    """uvicorn's HTTP protocol, for strangers: who sends no request in time is cut off."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        self._patience = self.loop.call_later(_HEAD_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        if getattr(self, "cycle", None) is None:
            self.transport.abort()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The connection has another protocol from now on."""
        self._wait_no_longer()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """What stops to be HTTP in the midst of a request has no answer to that any more."""
        cycle = getattr(self, "cycle", None)
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state is h11.IDLE:
            super().send_400_response(msg)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, for strangers: who takes no answers gets no more of them, and who sends as text
    what is none is cut off without a word in the log.
    """

    def handle_ping(self) -> None:
        """Answers would pile up here, as many as somebody cares to ask for."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def shutdown(self) -> None:
        """What is closing already ends by itself; uvicorn would fail to close it once more."""
        if not self.transport.is_closing():
            super().shutdown()

    def send_receive_event_to_app(self) -> None:
        """A message is whole."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()


def listen(address: str, port: int) -> socket.socket:
    """Raises OSError where that cannot be had."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family, backlog=_WAITING)
    # asyncio sees to that only for sockets with the number of TCP: an answer's body would wait 40 ms for the
    # acknowledgement of its head. Connections have it from their listener.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Server(uvicorn.Server):
    """uvicorn's server, with signals left to xenia-web and without its ten ticks a second."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=TimedProtocol,
            ws=WebSocketProtocol,
            ws_max_size=_LARGEST_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=30,
            ws_ping_timeout=30,
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_STOP_SECONDS,
            backlog=_WAITING,
        )
        super().__init__(config)
        config.load()
        config.ssl = tls
        self._stop = stop
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self._ready()
        await self._stop.wait()
