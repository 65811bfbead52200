"""The audit log, for administrators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from xenia.api.answers import DeedList, json_response
from xenia.api.doors import Doors, DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.aio import to_end
from xenia.lib.codec import to_plain
from xenia.lib.paths import Paths
from xenia.model.errors import XeniaError
from xenia.model.operations import HOST_OPERATIONS, require
from xenia.store.audit import MOST, AuditTrail

router = Routes("host")

Last = Annotated[int, Query(ge=0, le=MOST, description="so many of its last lines")]
OfDomain = Annotated[str, Query(max_length=256, description="those that name this domain alone")]
User = Annotated[str, Query(max_length=256, description="those of this user alone")]


@router.get("/audit", summary=HOST_OPERATIONS["audit"].sentence, responses=answers(DeedList))
async def audit(doors: DoorsOf, caller: CallerOf, last: Last = 100, user: User = "", domain: OfDomain = "") -> Response:
    """The oldest first. Of a domain that there is those are told that name it by its name or its UUID."""
    require(caller.role, HOST_OPERATIONS["audit"])
    trail = AuditTrail(Paths(Path(doors.about.root)).audit)
    refs = _refs(doors, domain) if domain else ()
    return json_response(to_plain(DeedList(await to_end(trail.last, last, user, refs))))


def _refs(doors: Doors, domain: str) -> tuple[str, ...]:
    """One that has gone is looked for by what it is called here."""
    try:
        found = doors.manager.inventory.find(domain)
    except XeniaError:
        return (domain,)
    return found.name, found.uuid
