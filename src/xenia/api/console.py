"""The text consoles: over WebSocket, and what is kept of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from xenia.api.accept import accept_bytes
from xenia.api.doors import Doors, DoorsOf
from xenia.api.lasting import lasting, watch_login
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.schema import texts
from xenia.console.kept import KINDS, MOST_LINES
from xenia.console.ring import RING
from xenia.console.watcher import AUTO, PARAVIRTUAL, SERIAL, Ending, Watcher
from xenia.model.domain import DOMAIN_0_UUID
from xenia.model.errors import ErrorKind, XeniaError, invalid
from xenia.model.operations import OPERATIONS, permit, require

router = Routes("console")

CLOSE_CODES = {Ending.GONE: 4000, Ending.SLOW: 4001, Ending.STOPPING: 1001}
"""What a WebSocket is closed with, by the reason; the reason's words go with it."""

_REPLAY = 4096
_SEND_TIMEOUT = 10.0


class ShownKind(StrEnum):
    AUTO = AUTO
    PARAVIRTUAL = PARAVIRTUAL
    SERIAL = SERIAL


Ref = Annotated[str, Path(max_length=256)]
Kind = Annotated[ShownKind, Query(description="pv, serial, or auto: pv if it has spoken there, else serial")]
Tail = Annotated[int | None, Query(ge=0, le=MOST_LINES, description="so many of its last lines; all without it")]


@router.get("/domains/{ref}/console/log", summary="What a domain has said on its text console", responses=texts())
async def console_log(
    doors: DoorsOf, caller: CallerOf, ref: Ref, kind: Kind = ShownKind.AUTO, tail: Tail = None
) -> Response:
    """Also of a domain that has ended, as long as it is kept. It is made harmless: text and colours are left."""
    require(caller.role, OPERATIONS["console"])
    name, kinds = await _logged(doors, ref)
    text = await asyncio.to_thread(doors.console_logs.read, name, kinds, kind, tail=tail)
    return PlainTextResponse(text, headers={"X-Content-Type-Options": "nosniff"})


async def _logged(doors: Doors, ref: str) -> tuple[str, Collection[str]]:
    """The domain's name and the kinds of consoles that it has, or may have had when it ran."""
    try:
        domain = await doors.manager.inventory.look_up(ref)
    except XeniaError as error:
        if error.kind is ErrorKind.NOT_FOUND and doors.console_logs.has(ref):  # it had a file of its own
            return ref, KINDS
        raise
    if domain.uuid == DOMAIN_0_UUID:
        raise invalid("Domain-0 has no text console here: it is the host itself", "journalctl -k shows its kernel's")
    kinds: Collection[str] = ()
    with suppress(XeniaError):  # it does not run, or its engine knows of no consoles
        kinds = [kind.value for kind in doors.manager.consoles(domain.uuid)]
    return domain.name, kinds or KINDS


@router.websocket("/domains/{ref}/console")
async def console(
    websocket: WebSocket,
    doors: DoorsOf,
    caller: CallerOf,
    ref: Ref,
    kind: Annotated[ShownKind, Query()] = ShownKind.AUTO,
    replay: Annotated[int, Query(ge=0, le=RING)] = _REPLAY,
    view: Annotated[bool, Query()] = False,
) -> None:
    """Binary frames of console bytes both ways, first the last `replay` bytes that the guest said.

    Every watcher may type, but for one that is there to `view`: what that sends is dropped here. It ends with code 4000
    when the guest is gone, 4001 for a watcher that does not keep up and 1001 when xend stops. What is refused is so
    before the upgrade, as problem JSON.
    """
    require(caller.role, OPERATIONS["console"])
    domain = await doors.manager.inventory.look_up(ref)
    permit(
        OPERATIONS["console"],
        name=domain.name,
        state=domain.state,
        file=domain.file,
        domain_0=domain.uuid == DOMAIN_0_UUID,
    )
    watcher = await doors.consoles.watch(domain.uuid, kind, replay=replay)
    try:
        async with lasting(websocket):
            await accept_bytes(websocket)
            ways = _show(websocket, watcher), _type(websocket, None if view else watcher)
            await race(*ways, watch_login(doors, caller, domain.uuid))
            await _say_why(websocket, watcher)
    finally:
        watcher.close()


async def _show(websocket: WebSocket, watcher: Watcher) -> None:
    while (data := await watcher.read()) is not None:
        await websocket.send_bytes(data)


async def _type(websocket: WebSocket, watcher: Watcher | None) -> None:
    """Until who watches leaves. Without a `watcher` nothing of it reaches the guest."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if watcher is not None:
            await watcher.write(message.get("bytes") or (message.get("text") or "").encode())


async def _say_why(websocket: WebSocket, watcher: Watcher) -> None:
    if watcher.ending is not None:
        async with asyncio.timeout(_SEND_TIMEOUT):
            await websocket.close(CLOSE_CODES[watcher.ending], watcher.ending.value)
