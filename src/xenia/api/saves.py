"""Saving domains to files, and letting them go on from there."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, SaveAnswer, json_response
from xenia.api.bodies import CloneBody, RestoreBody, ResumeBody, SaveBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.secrets import started_without_secrets
from xenia.lib.codec import to_plain
from xenia.model.errors import invalid
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS

router = Routes("saves")

File = Annotated[str, Query(max_length=4096, description="the absolute path of a save")]


@router.post("/domains/{ref}/save", summary=OPERATIONS["save"].sentence, responses=answers(JobAnswer, 200, 202))
async def save(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: SaveBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.saving.save(ref, body.request(), caller), caller, wait)


@router.post("/domains/{ref}/suspend", summary=OPERATIONS["suspend"].sentence, responses=answers(JobAnswer, 200, 202))
async def suspend(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.suspending.suspend(ref, caller), caller, wait)


@router.post(
    "/domains/{ref}/resume", summary=HOST_OPERATIONS["resume"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def resume(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: ResumeBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    suspending = doors.manager.suspending
    if body.discard:
        job = suspending.discard(ref, caller)
    else:
        job = suspending.resume(ref, caller, paused=body.paused, changed=body.changed)
    return await settle(request, doors, job, caller, wait)


@router.post("/domains/{ref}/clone", summary=OPERATIONS["clone"].sentence, responses=answers(JobAnswer, 200, 202))
async def clone(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: CloneBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.cloning.clone(ref, body.request(), caller), caller, wait)


@router.post("/restore", summary=HOST_OPERATIONS["restore"].sentence, responses=answers(JobAnswer, 200, 202))
async def restore(request: Request, doors: DoorsOf, caller: CallerOf, body: RestoreBody, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.saving.restore(body.request(), caller), caller, wait)


@router.get("/save", summary="What a save says of itself, when all of it is sound", responses=answers(SaveAnswer))
async def look(doors: DoorsOf, caller: CallerOf, file: File) -> Response:
    if not file.startswith("/") or "\0" in file:
        raise invalid(f"{file!a} is no absolute path")
    info = await doors.manager.saving.look(file, caller)
    return json_response({"save": to_plain(replace(info, started=started_without_secrets(info.started)))})
