"""What domains have used."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from xenia.api.answers import StatsAnswer, json_response, stats_rows
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.schema import answers
from xenia.api.sight import sight_of
from xenia.lib.codec import to_plain
from xenia.manager.stats import Counted

router = APIRouter(tags=["domains"])


@router.get("/stats", summary="What all that runs has used", responses=answers(StatsAnswer))
async def all_stats(doors: DoorsOf, caller: CallerOf) -> Response:
    sight, counted = await sight_of(doors, caller), await doors.manager.stats.all()
    return await _told(doors, replace(counted, domains=[each for each in counted.domains if sight.sees(each[0])]))


@router.get("/domains/{ref}/stats", summary="What a domain has used", responses=answers(StatsAnswer))
async def stats(doors: DoorsOf, ref: Ref) -> Response:
    return await _told(doors, await doors.manager.stats.one(ref))


async def _told(doors: DoorsOf, counted: Counted) -> Response:
    host = to_plain(await doors.manager.host())
    return json_response({"at": counted.at, "host": host, "domains": stats_rows(counted.domains)})
