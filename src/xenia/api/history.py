"""What domains and the host have used."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from xenia.api.answers import json_response, usage_history
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.model.usage import UsageHistory
from xenia.store.usage_series import LONGEST

router = Routes("domains")

Hours = Annotated[int, Query(ge=1, le=LONGEST, description="how far back; the further, the coarser")]


@router.get(
    "/domains/{ref}/history", summary="What a domain has used in the last hours", responses=answers(UsageHistory)
)
async def domain(doors: DoorsOf, ref: Ref, hours: Hours = 1) -> Response:
    return json_response(usage_history(await doors.manager.usage.of_domain(ref, hours)))


@router.get(
    "/host/history",
    summary="What the host has used in the last hours; disks and cards are those of all domains together",
    responses=answers(UsageHistory),
)
async def host(doors: DoorsOf, hours: Hours = 1) -> Response:
    return json_response(usage_history(await doors.manager.usage.of_host(hours)))
