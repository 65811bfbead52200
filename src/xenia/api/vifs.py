"""Network cards of a domain. Which one that runs has stands in its configuration."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer
from xenia.api.bodies import AttachVifBody, ConfigureVifBody, DetachVifBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.model.operations import OPERATIONS
from xenia.model.vif import LinkState

router = Routes("cards")


@router.post(
    "/domains/{ref}/network-attach",
    summary=OPERATIONS["network-attach"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def attach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: AttachVifBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.vifs.attach(ref, body.spec, body.scope, caller, until_taken=body.until_taken)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/network-configure",
    summary=OPERATIONS["network-configure"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def configure(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: ConfigureVifBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.vifs.configure(ref, body.card, body.scope, caller, linked=body.link is LinkState.UP)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/network-detach",
    summary=OPERATIONS["network-detach"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def detach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: DetachVifBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.vifs.detach(ref, body.card, body.scope, caller), caller, wait)
