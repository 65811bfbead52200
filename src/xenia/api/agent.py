"""Agents in guests: what they tell, and what they are asked to do."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from xenia.api.answers import (
    AgentAnswer,
    ExecutionAnswer,
    InterfaceList,
    JobAnswer,
    PingAnswer,
    ProcessAnswer,
    json_response,
)
from xenia.api.bodies import ExecBody, FreezeBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.operations import OPERATIONS

router = Routes("agents")

_PLAIN = FreezeBody()

Pid = Annotated[int, Path(ge=0, lt=2**63, description="the process of the command, as the guest counts them")]
ShortWait = Annotated[float, Query(ge=0, le=60, description="seconds to wait for its end")]


@router.get("/domains/{ref}/agent", summary="All that the agent tells", responses=answers(AgentAnswer))
async def info(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    told = await doors.manager.agents.info(ref, caller)
    return json_response(to_plain(AgentAnswer(told)))


@router.get(
    "/domains/{ref}/agent/interfaces", summary="The guest's network interfaces", responses=answers(InterfaceList)
)
async def interfaces(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    told = await doors.manager.agents.interfaces(ref, caller)
    return json_response(to_plain(InterfaceList(told)))


@router.post("/domains/{ref}/agent-ping", summary=OPERATIONS["agent-ping"].sentence, responses=answers(PingAnswer))
async def ping(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    seconds = await doors.manager.agents.ping(ref, caller)
    return json_response(to_plain(PingAnswer(seconds)))


@router.post(
    "/domains/{ref}/agent-time", summary=OPERATIONS["agent-time"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def set_time(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.agents.set_time(ref, caller), caller, wait)


@router.post(
    "/domains/{ref}/agent-freeze", summary=OPERATIONS["agent-freeze"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def freeze(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: FreezeBody = _PLAIN, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.freezing.start("agent-freeze", ref, caller, body.seconds)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/agent-thaw", summary=OPERATIONS["agent-thaw"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def thaw(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.freezing.start("agent-thaw", ref, caller), caller, wait)


@router.post("/domains/{ref}/agent-exec", summary=OPERATIONS["agent-exec"].sentence, responses=answers(ProcessAnswer))
async def run(doors: DoorsOf, caller: CallerOf, ref: Ref, body: ExecBody) -> Response:
    pid = await doors.manager.agents.run(ref, body.command, body.input, caller)
    return json_response(to_plain(ProcessAnswer(pid)))


@router.get(
    "/domains/{ref}/agent-exec/{pid}",
    summary="How far a command in the guest is, and once what it said",
    responses=answers(ExecutionAnswer),
)
async def result(doors: DoorsOf, caller: CallerOf, ref: Ref, pid: Pid, wait: ShortWait = 0) -> Response:
    told = await doors.manager.agents.result(ref, pid, wait, caller)
    return json_response(to_plain(ExecutionAnswer(told)))
