"""What domains have used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from xenia.api.answers import StatsAnswer, json_response, stats_rows
from xenia.api.domains import Ref
from xenia.api.doors import Doors, DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.sight import sight_of
from xenia.lib.codec import to_plain
from xenia.manager.stats import Counted

router = Routes("domains")


@router.get("/stats", summary="What all that runs has used", responses=answers(StatsAnswer))
async def all_stats(doors: DoorsOf, caller: CallerOf) -> Response:
    sight, counted = await sight_of(doors, caller), await doors.manager.stats.all()
    seen = replace(counted, domains=[each for each in counted.domains if sight.sees(each[0])])
    return json_response(await stats_answer(doors, seen))


@router.get("/domains/{ref}/stats", summary="What a domain has used", responses=answers(StatsAnswer))
async def stats(doors: DoorsOf, ref: Ref) -> Response:
    return json_response(await stats_answer(doors, await doors.manager.stats.one(ref)))


async def stats_answer(doors: Doors, counted: Counted) -> dict[str, Any]:
    """Raises XeniaError where the engine does not answer."""
    return stats_plain(counted, to_plain(await doors.manager.host()))


def stats_plain(counted: Counted, host: Any) -> dict[str, Any]:
    """The members of StatsAnswer."""
    return {"at": counted.at, "host": host, "domains": stats_rows(counted.domains)}
