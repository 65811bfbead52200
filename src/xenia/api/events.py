"""What happens, as server-sent events."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from xenia.api.ascii_json import ascii_json
from xenia.api.doors import Doors, DoorsOf
from xenia.api.jobs import disconnected
from xenia.api.lasting import LoginOver, watch_login
from xenia.api.peer import CallerOf, Peer
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.schema import PROBLEM_ANSWER
from xenia.api.sight import Sight, sight_of
from xenia.lib.codec import to_plain
from xenia.model.event import Event

router = Routes("events")

_SEND_TIMEOUT = 30.0

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`id` is the event's sequence number, `event` its kind, `data` the event as JSON",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Event"}}},
    },
    "default": PROBLEM_ANSWER,
}


@router.get("/events", summary="What happens from now on, without gaps", responses=_STREAM)
async def events(doors: DoorsOf, caller: CallerOf) -> Response:
    """A stream that ends when xend stops or the login is over, and for a reader that falls too far behind: 1,000
    events, or 30 seconds in which it takes nothing.
    """
    sight = await sight_of(doors, caller)
    if not sight.whole:
        sight.known.update(domain.uuid for domain in await sight.inventory.seen(sight.sees) if domain.uuid)
    return _EventStream(doors, sight)


class _EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, doors: Doors, sight: Sight) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._doors = doors
        self._sight = sight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            ends = self._doors.stopping.wait(), disconnected(request), watch_login(self._doors, self._sight.caller)
            with suppress(LoginOver):
                await race(self._send_all(send), *ends)
            await _send_bounded(send, b"", more=False)
        except TimeoutError:
            peer: Peer = request.state.peer
            peer.abort()

    async def _send_all(self, send: Send) -> None:
        with self._doors.manager.listen() as listener:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send_bounded(send, b": what happens from now on\n\n")
            async for event in listener:
                if (told := await self._sight.of_event(event)) is not None:
                    await _send_bounded(send, _frame(told))


async def _send_bounded(send: Send, content: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(_SEND_TIMEOUT):
        await send({"type": "http.response.body", "body": content, "more_body": more})


def _frame(event: Event) -> bytes:
    data = ascii_json(to_plain(event))
    return f"id: {event.sequence}\nevent: {event.kind}\ndata: {data}\n\n".encode("ascii")
