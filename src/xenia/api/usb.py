"""USB devices of a domain that runs. Which there are stands in its configuration."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer
from xenia.api.bodies import UsbBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.model.operations import OPERATIONS

router = Routes("usb")


@router.post(
    "/domains/{ref}/usb-attach", summary=OPERATIONS["usb-attach"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def attach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: UsbBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.usb.attach(ref, body.device, caller), caller, wait)


@router.post(
    "/domains/{ref}/usb-detach", summary=OPERATIONS["usb-detach"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def detach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: UsbBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.usb.detach(ref, body.device, caller), caller, wait)
