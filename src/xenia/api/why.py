"""What holds a domain back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from xenia.api.answers import json_response
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.errors import unavailable
from xenia.model.why import Why

router = Routes("domains")

Seconds = Annotated[float, Query(ge=0.1, le=60, description="how long it is looked at")]


@router.get("/domains/{ref}/why", summary="What holds a domain back now", responses=answers(Why))
async def why(doors: DoorsOf, ref: Ref, seconds: Seconds = 3.0) -> Response:
    told: list[Why] = []

    async def look() -> None:
        told.append(await doors.manager.why.read(ref, seconds))

    await race(look(), _until(doors.stopping))
    if not told:
        raise unavailable("xend stops", "ask again once it runs")
    return json_response(to_plain(told[0]))


async def _until(event: asyncio.Event) -> None:
    await event.wait()
