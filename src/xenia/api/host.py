"""The host and its engine."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from xenia.api.answers import HostAnswer, json_response
from xenia.api.doors import DoorsOf
from xenia.api.schema import answers
from xenia.lib.codec import to_plain

router = APIRouter(tags=["host"])


@router.get("/host", summary="The host, what its engine can do, and this xend", responses=answers(HostAnswer))
async def host(doors: DoorsOf) -> Response:
    manager = doors.manager
    answer = HostAnswer(
        await manager.host(), manager.engine_report(), manager.choice, manager.other_reports(), doors.about
    )
    return json_response(to_plain(answer))
