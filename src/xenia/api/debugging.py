"""Looking into a guest and the hypervisor, and poking them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, TextAnswer, json_response
from xenia.api.bodies import DebugKeysBody, MonitorBody, SysrqBody, TriggerBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS

router = Routes("debugging")


@router.post("/domains/{ref}/sysrq", summary=OPERATIONS["sysrq"].sentence, responses=answers(JobAnswer, 200, 202))
async def sysrq(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: SysrqBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.debugging.sysrq(ref, body.key, caller), caller, wait)


@router.post("/domains/{ref}/trigger", summary=OPERATIONS["trigger"].sentence, responses=answers(JobAnswer, 200, 202))
async def trigger(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: TriggerBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.debugging.trigger(ref, body.trigger, body.vcpu, caller)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/qemu-monitor-command",
    summary=OPERATIONS["qemu-monitor-command"].sentence,
    responses=answers(TextAnswer),
)
async def monitor_command(doors: DoorsOf, caller: CallerOf, ref: Ref, body: MonitorBody) -> Response:
    text = await doors.manager.debugging.monitor_command(ref, body.command, caller)
    return json_response(to_plain(TextAnswer(text)))


@router.post("/host/debug-keys", summary=HOST_OPERATIONS["debug-keys"].sentence, responses=answers(TextAnswer))
async def debug_keys(doors: DoorsOf, caller: CallerOf, body: DebugKeysBody) -> Response:
    await doors.manager.debugging.debug_keys(body.keys, caller)
    return json_response(to_plain(TextAnswer("")))


Clear = Annotated[bool, Query(description="also empty the ring")]


@router.post("/host/dmesg", summary=HOST_OPERATIONS["dmesg"].sentence, responses=answers(TextAnswer))
async def dmesg(doors: DoorsOf, caller: CallerOf, clear: Clear = False) -> Response:
    return json_response(to_plain(TextAnswer(await doors.manager.debugging.hypervisor_log(caller, clear=clear))))
