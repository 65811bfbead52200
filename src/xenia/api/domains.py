"""Domains: what there is, what one is, and what may be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from xenia.api.answers import (
    DifferenceList,
    DomainAnswer,
    DomainList,
    JobAnswer,
    PlanAnswer,
    RunningAnswer,
    json_response,
    row,
    without_secrets,
)
from xenia.api.bodies import CreateBody, OperationBody
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.caller import Caller, Role
from xenia.model.domain import Definition, Domain
from xenia.model.operations import OPERATIONS, Operation

router = APIRouter(tags=["domains"])

Ref = Annotated[str, Path(max_length=256, description="an id, a name, a UUID, or a unique prefix of a name or UUID")]
All = Annotated[bool, Query(alias="all", description="also those that are only defined by a guest file")]

_OTHER_DOORS = {
    "create",
    "console",
    "block-attach",
    "block-detach",
    "cd-insert",
    "cd-eject",
    "network-attach",
    "network-detach",
}


@router.get("/domains", summary="Domain-0 and what runs, by domain id", responses=answers(DomainList))
async def list_domains(doors: DoorsOf, caller: CallerOf, everything: All = False) -> Response:
    domains = await doors.manager.list(everything=everything)
    return json_response({"domains": [row(_told(domain, caller)) for domain in domains]})


@router.get("/domains/{ref}", summary="One domain and its configuration", responses=answers(DomainAnswer))
async def one_domain(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    domain = _told(await doors.manager.look_up(ref), caller)
    started = doors.manager.started(ref)
    return json_response(
        {
            "domain": row(domain),
            "config": to_plain(without_secrets(started.config)) if started is not None else None,
            "definition": to_plain(started.definition if started is not None else Definition(domain.file)),
            "macs": to_plain(started.macs if started is not None else ()),
        }
    )


def _told(domain: Domain, caller: Caller) -> Domain:
    """What is wrong with a guest file may quote it, and not everybody may read it."""
    if domain.problem and caller.role < Role.ADMINISTRATOR:
        return replace(domain, problem="it cannot be used")
    return domain


@router.post("/domains", summary=OPERATIONS["create"].sentence, responses=answers(JobAnswer, 200, 202))
async def create(request: Request, doors: DoorsOf, caller: CallerOf, body: CreateBody, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.create(body.request(), caller), caller, wait)


@router.post("/plan", summary="What create would do, without doing it", responses=answers(PlanAnswer))
async def plan(doors: DoorsOf, caller: CallerOf, body: CreateBody) -> Response:
    return json_response(to_plain(await doors.manager.plan(body.request(), caller)))


@router.get("/domains/{ref}/guest-file", summary="A domain as it runs", responses=answers(RunningAnswer))
async def as_it_runs(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    started, text = await doors.manager.as_it_runs(ref, caller)
    return json_response(to_plain(RunningAnswer(started.config.name, started.domid, text)))


@router.get(
    "/domains/{ref}/differences",
    summary="In what a domain that runs is not as its guest file wants it",
    responses=answers(DifferenceList),
)
async def differences(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    started, found = await doors.manager.differences(ref, caller)
    return json_response(to_plain(DifferenceList(started.config.name, started.domid, found)))


def _route(operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def operate(
        request: Request,
        doors: DoorsOf,
        caller: CallerOf,
        ref: Ref,
        body: OperationBody | None = None,
        wait: Wait = 0,
    ) -> Response:
        until_gone = body is not None and body.until_gone
        await doors.manager.look_up(ref)
        job = doors.manager.operate(operation.name, ref, caller, until_gone=until_gone)
        return await settle(request, doors, job, caller, wait)

    return operate


for _operation in OPERATIONS.values():
    if _operation.name not in _OTHER_DOORS:
        router.add_api_route(
            f"/domains/{{ref}}/{_operation.name}",
            _route(_operation),
            methods=["POST"],
            name=_operation.name,
            summary=_operation.sentence,
            responses=answers(JobAnswer, 200, 202),
        )
