"""Who did what: each request that can change something, once it has been answered, and each console and screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xenia.model.caller import Caller

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})

Note = Callable[[dict[str, Any]], None]


class Audit:
    """ASGI middleware. `note` is told each of them: never a body, a query or a header, for secrets may be in those."""

    def __init__(self, app: ASGIApp, note: Note) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = "WEBSOCKET" if scope["type"] == "websocket" else scope.get("method", "GET")
        if asked in _LOOKING or scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"].endswith("response.start"):
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
                self._tell(scope, asked, status)
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        finally:
            if status != 101:
                self._tell(scope, asked, status or 500)

    def _tell(self, scope: Scope, asked: str, status: int) -> None:
        state = scope.get("state", {})
        caller: Caller | None = state.get("caller")
        told: dict[str, Any] = {
            "user": caller.name if caller is not None else state.get("asker", ""),
            "role": caller.role.name.lower() if caller is not None else "",
            "address": state.get("address", ""),
            "token": caller.token if caller is not None else "",
            "method": asked,
            "path": scope["path"],
            "status": status,
        }
        self._note(told)
