"""The bridge of the host. Changes are for administrators."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, json_response
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.bridge import HostBridge

router = Routes("host")


@router.get("/host/bridge", summary="The bridge of the host, and the card that it has", responses=answers(HostBridge))
async def bridge(doors: DoorsOf) -> Response:
    return json_response(to_plain(doors.manager.bridges.look()))


@router.post(
    "/host/bridge/apply", summary="Make the bridge as the settings want it", responses=answers(JobAnswer, 200, 202)
)
async def apply(request: Request, doors: DoorsOf, caller: CallerOf, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.bridges.apply(caller), caller, wait)


@router.post(
    "/host/bridge/confirm", summary="Say that the host is reached over the bridge", responses=answers(HostBridge)
)
async def confirm(doors: DoorsOf, caller: CallerOf) -> Response:
    return json_response(to_plain(await doors.manager.bridges.confirm(caller)))
