"""Serving the API on the unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from xenia.api.peer import PeerProtocol
from xenia.model.errors import invalid

log = logging.getLogger(__name__)

LONGEST_PATH = 107
"""Bytes in the address of a unix socket (unix(7): sun_path has 108 with the closing zero)."""

_STOP_SECONDS = 3
_LARGEST_FRAME = 64 * 1024


def check_length(path: Path) -> None:
    """Raises an invalid error for a socket path that no client could name."""
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        raise invalid(
            f"the path of xend's socket is too long: {path} has {length} bytes, the kernel allows {LONGEST_PATH}",
            "take a root with a shorter path: xend --root DIR",
        )


def listen(path: Path, group: str) -> socket.socket:
    """A socket bound to `path`: for root and the members of `group` where there is such a group ("" for none), else for
    xend's own user alone. Replaces what lies there; the caller holds the lock of this root. Raises OSError.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        mask = os.umask(0o177)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(mask)
        if os.geteuid() == 0 and group:
            _admit(path, group)
    except BaseException:
        listener.close()
        raise
    return listener


def _admit(path: Path, group: str) -> None:
    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        log.info("there is no group '%s': only root may use xend; to change that: groupadd --system %s", group, group)
        return
    os.chown(path, 0, gid)
    path.chmod(0o660)


def listen_for_web(path: Path, uid: int | None) -> socket.socket:
    """A socket bound to `path` to which only `uid`, that of xenia-web, may connect; None for xend's own user. As
    `listen`.
    """
    listener = listen(path, "")
    try:
        if uid is not None:
            os.chown(path, uid, -1)
    except BaseException:
        listener.close()
        raise
    return listener


async def serve(
    app: ASGIApp, listeners: Sequence[socket.socket], stop: asyncio.Event, *, ready: Callable[[], None]
) -> None:
    """Answer until `stop` is set, then give what is under way 3 seconds to end; calls `ready` when it answers.

    Closes `listeners`.
    """
    config = uvicorn.Config(
        app,
        http=PeerProtocol,
        ws=_WebSocketProtocol,
        ws_max_size=_LARGEST_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    await _Server(config, stop, ready).serve(list(listeners))


class _WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol; who takes no answers to pings gets no more of them, for they would pile up here."""

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def shutdown(self) -> None:
        """What is closing already ends by itself; uvicorn would fail to close it once more."""
        if not self.transport.is_closing():
            super().shutdown()


class _Server(uvicorn.Server):
    """uvicorn's server, with signals left to xend and without its ten ticks a second."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self._ready()
        await self._stop.wait()
