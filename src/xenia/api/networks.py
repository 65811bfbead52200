"""Networks that guests are put on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, NetworkAnswer, NetworkList, json_response
from xenia.api.bodies import NetworkApplyBody, NetworkBody, NetworkPlanBody
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.network_plan import NetworkPlan
from xenia.store.networks import etag_of

router = Routes("networks", prefix="/networks")

Name = Annotated[str, Path(max_length=64, description="the name of a network")]


@router.get("", summary="The networks, and the bridges that belong to none", responses=answers(NetworkList))
async def networks(doors: DoorsOf) -> Response:
    rows, bridges = await doors.manager.networks.all()
    return json_response(to_plain(NetworkList(tuple(rows), tuple(bridges))))


@router.post("/plan", summary="What applying definitions would change", responses=answers(NetworkPlan))
async def plan(doors: DoorsOf, caller: CallerOf, body: NetworkPlanBody) -> Response:
    return json_response(to_plain(await doors.manager.networks.plan(body.network, body.text, caller)))


@router.post("/apply", summary="Make the host what definitions say", responses=answers(JobAnswer, 200, 202))
async def apply(request: Request, doors: DoorsOf, caller: CallerOf, body: NetworkApplyBody, wait: Wait = 0) -> Response:
    job = doors.manager.networks.apply(body.network, body.digest, caller)
    return await settle(request, doors, job, caller, wait)


@router.get("/{name}", summary="One network, its definition and its leases", responses=answers(NetworkAnswer))
async def network(doors: DoorsOf, name: Name) -> Response:
    row, text, leases = await doors.manager.networks.show(name)
    return json_response(to_plain(NetworkAnswer(row, text, etag_of(text), leases)))


@router.put("/{name}", summary="Define a network, or define it anew", responses=answers(JobAnswer, 200, 202))
async def put(
    request: Request, doors: DoorsOf, caller: CallerOf, name: Name, body: NetworkBody, wait: Wait = 0
) -> Response:
    job = doors.manager.networks.put(name, body.text, body.etag, caller)
    return await settle(request, doors, job, caller, wait)


@router.delete("/{name}", summary="Remove a network and its definition", responses=answers(JobAnswer, 200, 202))
async def delete(request: Request, doors: DoorsOf, caller: CallerOf, name: Name, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.networks.delete(name, caller), caller, wait)
