"""Shares of CPU time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import DomainShare, JobAnswer, ShareList, json_response
from xenia.api.bodies import ShareBody
from xenia.api.domains import Ref
from xenia.api.doors import Doors, DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.sight import sight_of
from xenia.lib.codec import to_plain
from xenia.model.caller import Caller
from xenia.model.operations import OPERATIONS

router = Routes("domains")


@router.get("/shares", summary="The share of CPU time of all that runs", responses=answers(ShareList))
async def all_shares(doors: DoorsOf, caller: CallerOf) -> Response:
    return await _told(doors, None, caller)


@router.get("/domains/{ref}/share", summary="The share of CPU time of a domain", responses=answers(ShareList))
async def share(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return await _told(doors, ref, caller)


async def _told(doors: Doors, ref: str | None, caller: Caller) -> Response:
    sight = await sight_of(doors, caller)
    found = await doors.manager.scheduling.list(ref)
    rows = tuple(DomainShare(domain.name, domain.domid, each) for domain, each in found if sight.sees(domain))
    return json_response(to_plain(ShareList(rows)))


def _route(operation: str) -> Callable[..., Awaitable[Response]]:
    async def set_share(
        request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: ShareBody, wait: Wait = 0
    ) -> Response:
        await doors.manager.inventory.look_up(ref)
        job = doors.manager.scheduling.set(operation, ref, body.weight, body.cap, body.scope, caller)
        return await settle(request, doors, job, caller, wait)

    return set_share


for _name in ("sched-credit", "sched-credit2"):
    router.add(
        f"/domains/{{ref}}/{_name}",
        _route(_name),
        "POST",
        name=_name,
        summary=OPERATIONS[_name].sentence,
        responses=answers(JobAnswer, 200, 202),
    )
