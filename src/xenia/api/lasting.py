"""What lasts, consoles and streams, ends with the login that it was opened with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.websockets import WebSocket, WebSocketDisconnect

from xenia.api.doors import Doors
from xenia.api.peer import Peer
from xenia.api.sight import sight_of
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError

_OVER = 1008
"""Policy violation (RFC 6455)."""
_LOOK_AGAIN = 30.0
_FAREWELL = 10.0


class LoginOver(Exception):
    """The token is over that something was opened with, or worth another role."""


async def watch_login(doors: Doors, caller: Caller, domain: str = "") -> None:
    """For what lasts: raises LoginOver within half a minute. `domain` is the UUID of the one that it is about, if it is
    about one. Whoever is on this host stays who they are.
    """
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        try:
            holds = await _holds(doors, caller, domain)
        except XeniaError:
            holds = False
        if not holds:
            raise LoginOver


async def _holds(doors: Doors, caller: Caller, domain: str) -> bool:
    """Raises XeniaError where the token is over, or the domain gone."""
    now = await doors.logins.still(caller)
    if now.grants != caller.grants:
        return False
    if not caller.granted:
        return now.role == caller.role
    sight = await sight_of(doors, now)
    return sight.role_on(doors.manager.inventory.find(domain)) >= caller.role


@asynccontextmanager
async def lasting(websocket: WebSocket) -> AsyncIterator[None]:
    """What goes on in it may end because the visitor leaves, or by LoginOver, which they are told; who does not take
    what they are told (TimeoutError) is cut off.
    """
    try:
        try:
            yield
        except LoginOver:
            async with asyncio.timeout(_FAREWELL):
                await websocket.close(_OVER, "the login or token is over, or has another role")
    except WebSocketDisconnect:
        pass
    except TimeoutError:
        peer: Peer = websocket.state.peer
        peer.abort()
