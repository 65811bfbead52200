"""xend's log, for administrators: it may quote guest files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from xenia.api.answers import json_response
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.lib.paths import Paths
from xenia.model.operations import HOST_OPERATIONS, require
from xenia.store.log import LogPiece, XendLog

router = Routes("host")

Lines = Annotated[int, Query(ge=0, le=100_000, description="so many of its last lines")]
After = Annotated[str, Query(max_length=64, description="what has come since this `position` of an earlier answer")]


@router.get("/log", summary=HOST_OPERATIONS["log"].sentence, responses=answers(LogPiece))
async def log(doors: DoorsOf, caller: CallerOf, lines: Lines = 1000, after: After = "") -> Response:
    require(caller.role, HOST_OPERATIONS["log"])
    xend = XendLog(Paths(Path(doors.about.root)).log)
    return json_response(to_plain(xend.after(after) if after else xend.tail(lines)))
