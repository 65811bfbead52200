"""The desktops of domains, over WebSocket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from xenia.api.accept import accept_bytes
from xenia.api.doors import Doors, DoorsOf
from xenia.api.lasting import lasting, watch_login
from xenia.api.passing import GONE, STOPPING, as_reason, hear, say
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.desktop.rdcleanpath import refusal
from xenia.model.caller import Caller
from xenia.model.domain import Domain
from xenia.model.errors import XeniaError

router = Routes("screens")

UNREACHED = 4002
"""The WebSocket is closed with that where no desktop answers; why, goes with it."""

_SEND_TIMEOUT = 10.0
_SECONDS_TO_ASK = 20.0

_HERE = "127.0.0.1"

Ref = Annotated[str, Path(max_length=256)]
Of = Annotated[Literal["guest", "screen"], Query()]
"""Whose desktop: that of an RDP server in the guest, or its screen as `rdp = 1` has the host show it."""


@router.websocket("/domains/{ref}/rdp")
async def desktop(websocket: WebSocket, doors: DoorsOf, caller: CallerOf, ref: Ref, of: Of = "guest") -> None:
    """RDCleanPath in binary frames, and then RDP, both ways; the destination that it names has no meaning here, for
    xend knows where the guest is. A screen takes any user and any password. It ends with code 4000 when the guest or
    the session is gone, 1001 when xend stops, and, after a PDU with an error, 4002 where no desktop answers. What is
    refused for other reasons is refused before the upgrade, as problem JSON.
    """
    domain = await doors.manager.desktops.find(ref, caller)
    await accept_bytes(websocket)
    async with lasting(websocket):
        try:
            code, why = await _show(websocket, doors, caller, domain, of)
        except XeniaError as error:
            await _asked(websocket)
            async with asyncio.timeout(_SEND_TIMEOUT):
                await websocket.send_bytes(refusal(error.kind.status))
            code, why = UNREACHED, as_reason(error.message)
        async with asyncio.timeout(_SEND_TIMEOUT):
            await websocket.close(code, why)


async def _asked(websocket: WebSocket) -> None:
    """Until the browser has begun to ask, which it may do for some time: IronRDP hears no answer that comes earlier."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS_TO_ASK):
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])


async def _show(websocket: WebSocket, doors: Doors, caller: Caller, domain: Domain, of: str) -> tuple[int, str]:
    """Until it is over; what is said at the end. Raises XeniaError, before anything was."""
    async with _server(doors, domain, of) as (server, address):
        with doors.desktops.session(server, address) as connection:
            ways = say(websocket, connection), hear(websocket, connection)
            await race(*ways, doors.stopping.wait(), watch_login(doors, caller, domain.uuid))
    return (STOPPING, "xend is stopping") if doors.stopping.is_set() else (GONE, "the session is over")


@asynccontextmanager
async def _server(doors: Doors, domain: Domain, of: str) -> AsyncIterator[tuple[socket.socket, str]]:
    """A connection to the RDP server that is meant, and its address. Raises as `Desktops.connect`, `RdpViews.own`."""
    if of == "guest":
        yield await doors.manager.desktops.connect(domain)
        return
    async with doors.rdp_view(domain.uuid) as server:
        yield server, _HERE
