"""The text consoles, over WebSocket."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf, Peer
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.console.ring import RING
from xenia.console.watcher import AUTO, PARAVIRTUAL, SERIAL, Ending, Watcher
from xenia.model.domain import DOMAIN_0_UUID
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


@router.websocket("/domains/{ref}/console")
async def console(
    websocket: WebSocket,
    doors: DoorsOf,
    caller: CallerOf,
    ref: Annotated[str, Path(max_length=256)],
    kind: Annotated[ShownKind, Query()] = ShownKind.AUTO,
    replay: Annotated[int, Query(ge=0, le=RING)] = _REPLAY,
) -> None:
    """Binary frames of console bytes both ways, first the last `replay` bytes that the guest said.

    Every watcher may type. It ends with code 4000 when the guest is gone, 4001 for a watcher that does not keep up and
    1001 when xend stops. What is refused is refused before the upgrade, as problem JSON.
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
        await websocket.accept()
        await race(_show(websocket, watcher), _type(websocket, watcher))
        await _say_why(websocket, watcher)
    except WebSocketDisconnect:
        pass
    except TimeoutError:
        peer: Peer = websocket.state.peer
        peer.abort()
    finally:
        watcher.close()


async def _show(websocket: WebSocket, watcher: Watcher) -> None:
    while (data := await watcher.read()) is not None:
        await websocket.send_bytes(data)


async def _type(websocket: WebSocket, watcher: Watcher) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        await watcher.write(message.get("bytes") or (message.get("text") or "").encode())


async def _say_why(websocket: WebSocket, watcher: Watcher) -> None:
    if watcher.ending is not None:
        async with asyncio.timeout(_SEND_TIMEOUT):
            await websocket.close(CLOSE_CODES[watcher.ending], watcher.ending.value)
