"""What stands before all routes: a bound on bodies, and a net for errors that nobody foresaw."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xenia.api.errors import internal, problem_response
from xenia.lib.web import BODY_LIMIT

log = logging.getLogger(__name__)


def _too_large() -> HTTPException:
    return HTTPException(413, f"the request is larger than {BODY_LIMIT // 1024} KiB")


class Limits:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        started = gone = False

        async def watched_send(message: Message) -> None:
            nonlocal started, gone
            started = True
            try:
                await send(message)
            except OSError:  # as ASGI has it, the visitor has left
                gone = True
                raise

        try:
            await self._app(scope, _bounded(scope, receive), watched_send)
        except Exception:
            if gone:
                return
            log.exception("%s %s failed", scope.get("method", "WebSocket"), scope["path"])
            if not started:
                await problem_response(internal())(scope, receive, send)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    announced = Headers(scope=scope).get("content-length", "0")
    received = 0

    async def bounded_receive() -> Message:
        nonlocal received
        if announced.isdigit() and int(announced) > BODY_LIMIT:
            raise _too_large()
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_LIMIT:
            raise _too_large()
        return message

    return bounded_receive if scope["type"] == "http" else receive
