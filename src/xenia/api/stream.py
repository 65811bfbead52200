"""The live state of the host, over WebSocket."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from xenia.api.doors import DoorsOf
from xenia.api.hearers import Hearer, hearer_of
from xenia.api.lasting import lasting, watch_login
from xenia.api.live import Live
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.sight import sight_of
from xenia.api.stats_feed import Look, StatsFeed
from xenia.model.errors import XeniaError, conflict

log = logging.getLogger(__name__)

router = Routes("events")

STOPPING = 1012
"""Service restart (IANA, WebSocket close codes): worth to connect again. uvicorn says it too, where that is first."""
NOT_NOW = 1013
"""Try again later."""

_SEND_TIMEOUT = 30.0
_AT_ONCE = 50
"""Frames: few enough for a slow line to take in that time."""
_RESYNC = '{"type":"resync"}'


async def live_of(connection: HTTPConnection) -> Live:
    live: Live = connection.app.state.live
    return live


async def stats_feed_of(connection: HTTPConnection) -> StatsFeed:
    feed: StatsFeed = connection.app.state.stats_feed
    return feed


@router.websocket("/stream")
async def stream(
    websocket: WebSocket,
    doors: DoorsOf,
    caller: CallerOf,
    live: Annotated[Live, Depends(live_of)],
    feed: Annotated[StatsFeed, Depends(stats_feed_of)],
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    run: Annotated[str, Query(max_length=64)] = "",
    stats: Annotated[int | None, Query(ge=2, le=3600)] = None,
    login: Annotated[str, Query(max_length=64)] = "",
) -> None:
    """Text frames of JSON, each with a `type`: `state` first, which has the last events as well, then what happens.
    With `after` and `run`, the last sequence that was heard and the run it is of, it goes on from there, or tells to
    forget what was known (`resync`). Who may look at some domains alone is told of those, and of no host, and always
    begins anew. With `login`, the `token` of /v1/me, nobody else is answered: the cookie of a browser may be somebody
    else's by now. What is sent to it is not read. It ends with code 1012 when xend stops; who takes nothing for 30 s is
    cut off.
    """
    if login and login != caller.token:
        raise conflict("this is not the login that the stream is asked for", "ask /v1/me who is logged in now")
    hearer = hearer_of(live, await sight_of(doors, caller))
    told = _Told(websocket, live, hearer)
    with live.listening():
        async with lasting(websocket):
            await told.begin(run, after)
            looks = [_tell_stats(websocket, feed, hearer, stats)] if stats is not None else []
            await race(told.go_on(), _drain(websocket), doors.stopping.wait(), watch_login(doors, caller), *looks)
            async with asyncio.timeout(_SEND_TIMEOUT):
                await websocket.close(STOPPING, "xend is stopping")


class _Told:
    """How far one listener has come."""

    def __init__(self, websocket: WebSocket, live: Live, hearer: Hearer) -> None:
        self._websocket = websocket
        self._live = live
        self._hearer = hearer
        self._position = 0

    async def begin(self, run: str, after: int | None) -> None:
        """Raises XeniaError before the upgrade."""
        resumed = self._hearer.resume(run, after) if after is not None else None
        if resumed is not None:
            await self._websocket.accept()
            self._position = resumed
            await _send(self._websocket, '{"type":"resumed"}')
            return
        position, state = await self._hearer.state()
        await self._websocket.accept()
        self._position = position
        if after is not None:
            await _send(self._websocket, _RESYNC)
        await _send(self._websocket, state)

    async def go_on(self) -> None:
        """Until it is cancelled, or the engine does not answer when all has to be told anew."""
        log = self._live.log
        while True:
            if self._position < log.begin:
                await _send(self._websocket, _RESYNC)
                try:
                    self._position, state = await self._hearer.state()
                except XeniaError as error:
                    await self._websocket.close(NOT_NOW, error.message[:100])
                    raise WebSocketDisconnect(NOT_NOW) from error
                await _send(self._websocket, state)
            elif self._position == log.end:
                await log.more()
            else:
                async with asyncio.timeout(_SEND_TIMEOUT):
                    await self._send_some(min(log.end, self._position + _AT_ONCE))
            await asyncio.sleep(0)  # others have their turn, also where this one takes all at once

    async def _send_some(self, end: int) -> None:
        """Frames up to the position `end`; fewer where some are kept no more by then."""
        while self._position < end and (frame := self._live.log.at(self._position)) is not None:
            self._position += 1
            async for text in self._hearer.hear(frame):
                await self._websocket.send_text(text)


async def _tell_stats(websocket: WebSocket, feed: StatsFeed, hearer: Hearer, seconds: int) -> None:
    told: Look | None = None
    while True:
        try:
            if (look := await feed.look()) is not told:  # it is told once: rates are differences
                part = hearer.counted(look.counted)
                await _send(websocket, look.text if part is None else look.text_of(part))
            told = look
        except XeniaError as error:
            log.warning("stats are not told: %s", error)
        await asyncio.sleep(feed.pause(seconds))


async def _drain(websocket: WebSocket) -> None:
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        pass
    raise WebSocketDisconnect(message["code"])


async def _send(websocket: WebSocket, text: str) -> None:
    async with asyncio.timeout(_SEND_TIMEOUT):
        await websocket.send_text(text)
