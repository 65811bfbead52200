"""The screens of domains, over WebSocket and as pictures, and their keyboards."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from xenia.api.accept import accept_bytes
from xenia.api.answers import JobAnswer
from xenia.api.bodies import KeysBody
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.lasting import lasting, watch_login
from xenia.api.passing import GONE, STOPPING, hear, say
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.schema import answers, pictures
from xenia.model.operations import OPERATIONS

router = Routes("screens")

_SEND_TIMEOUT = 10.0

Ref = Annotated[str, Path(max_length=256)]


@router.get("/domains/{ref}/screenshot", summary=OPERATIONS["screenshot"].sentence, responses=pictures())
async def screenshot(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    await doors.manager.inventory.look_up(ref)
    content = await doors.manager.screens.picture(ref, caller)
    return Response(content, media_type="image/png", headers={"X-Content-Type-Options": "nosniff"})


@router.post("/domains/{ref}/keys", summary=OPERATIONS["send-key"].sentence, responses=answers(JobAnswer, 200, 202))
async def send_keys(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: KeysBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.keyboards.send(ref, body.keys, body.text, body.hold, caller)
    return await settle(request, doors, job, caller, wait)


@router.websocket("/domains/{ref}/vncviewer")
async def screen(websocket: WebSocket, doors: DoorsOf, caller: CallerOf, ref: Ref) -> None:
    """Binary frames of RFB (RFC 6143) both ways, of which the first is the guest's; no password is asked for. It ends
    with code 4000 when the guest is gone, 1001 when xend stops. What is refused is refused before the upgrade, as
    problem JSON.
    """
    domain = await doors.manager.inventory.look_up(ref)
    with await doors.manager.screens.open(ref, caller) as connection:
        await accept_bytes(websocket)
        async with lasting(websocket):
            ways = say(websocket, connection), hear(websocket, connection)
            await race(*ways, doors.stopping.wait(), watch_login(doors, caller, domain.uuid))
            code, why = (STOPPING, "xend is stopping") if doors.stopping.is_set() else (GONE, "the guest is gone")
            async with asyncio.timeout(_SEND_TIMEOUT):
                await websocket.close(code, why)
