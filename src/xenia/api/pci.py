"""PCI devices of the host, and those of domains."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import HostPciList, JobAnswer, PciList, TextAnswer, json_response
from xenia.api.bodies import AddressBody, PciBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS

router = Routes("pci")


@router.get("/domains/{ref}/pci", summary="The PCI devices of the host that a domain has", responses=answers(PciList))
async def devices(doors: DoorsOf, ref: Ref) -> Response:
    return json_response(to_plain(PciList(await doors.manager.pci.list(ref))))


@router.post(
    "/domains/{ref}/pci-attach", summary=OPERATIONS["pci-attach"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def attach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: PciBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.pci.attach(ref, body.device, body.slot, caller), caller, wait)


@router.post(
    "/domains/{ref}/pci-detach", summary=OPERATIONS["pci-detach"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def detach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: AddressBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.pci.detach(ref, body.device, caller), caller, wait)


@router.get("/host/pci", summary=HOST_OPERATIONS["pci-assignable-list"].sentence, responses=answers(HostPciList))
async def assignable(doors: DoorsOf, caller: CallerOf) -> Response:
    return json_response(to_plain(HostPciList(await doors.manager.pci.assignable(caller))))


@router.post(
    "/host/pci-assignable-add", summary=HOST_OPERATIONS["pci-assignable-add"].sentence, responses=answers(TextAnswer)
)
async def add(doors: DoorsOf, caller: CallerOf, body: AddressBody) -> Response:
    return json_response(to_plain(TextAnswer(await doors.manager.pci.make_assignable(body.device, caller))))


@router.post(
    "/host/pci-assignable-remove",
    summary=HOST_OPERATIONS["pci-assignable-remove"].sentence,
    responses=answers(TextAnswer),
)
async def remove(doors: DoorsOf, caller: CallerOf, body: AddressBody) -> Response:
    return json_response(to_plain(TextAnswer(await doors.manager.pci.take_back(body.device, caller))))
