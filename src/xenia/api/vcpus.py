"""Virtual CPUs: how many there are, where they run, and may run."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import DomainVcpus, JobAnswer, VcpuList, json_response
from xenia.api.bodies import PinBody, VcpusBody
from xenia.api.domains import Ref
from xenia.api.doors import Doors, DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.sight import sight_of
from xenia.lib.codec import to_plain
from xenia.manager.pinning import Pin
from xenia.model.caller import Caller
from xenia.model.operations import OPERATIONS

router = Routes("domains")


@router.get("/vcpus", summary="The virtual CPUs of all that runs", responses=answers(VcpuList))
async def all_vcpus(doors: DoorsOf, caller: CallerOf) -> Response:
    return await _told(doors, None, caller)


@router.get("/domains/{ref}/vcpus", summary="The virtual CPUs of a domain", responses=answers(VcpuList))
async def vcpus(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return await _told(doors, ref, caller)


async def _told(doors: Doors, ref: str | None, caller: Caller) -> Response:
    sight = await sight_of(doors, caller)
    found = await doors.manager.vcpus.list(ref)
    rows = tuple(DomainVcpus(domain.name, domain.domid, each) for domain, each in found if sight.sees(domain))
    return json_response(to_plain(VcpuList(rows)))


@router.post("/domains/{ref}/vcpu-pin", summary=OPERATIONS["vcpu-pin"].sentence, responses=answers(JobAnswer, 200, 202))
async def pin(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: PinBody, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.pinning.pin(ref, Pin(body.vcpu, body.cpus, body.soft), body.scope, caller)
    return await settle(request, doors, job, caller, wait)


@router.post("/domains/{ref}/vcpu-set", summary=OPERATIONS["vcpu-set"].sentence, responses=answers(JobAnswer, 200, 202))
async def set_vcpus(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: VcpusBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.vcpus.set(ref, body.count, body.scope, caller, ignore_host=body.ignore_host)
    return await settle(request, doors, job, caller, wait)
