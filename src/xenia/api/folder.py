"""A folder of guest files as a whole: planned, applied, taken back. For administrators."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, json_response
from xenia.api.bodies import ApplyBody, FolderBody
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.folder_plan import FolderPlan

router = Routes("guest files", prefix="/folder")


@router.post("/plan", summary="What applying a folder would do, file by file", responses=answers(FolderPlan))
async def plan(doors: DoorsOf, caller: CallerOf, body: FolderBody) -> Response:
    return json_response(to_plain(await doors.manager.folder.plan(body.folder, caller, remove=body.remove)))


@router.post("/apply", summary="Do what a plan says, all of it or nothing", responses=answers(JobAnswer, 200, 202))
async def apply(request: Request, doors: DoorsOf, caller: CallerOf, body: ApplyBody, wait: Wait = 0) -> Response:
    job = doors.manager.folder.apply(body.folder, caller, remove=body.remove, digest=body.digest)
    return await settle(request, doors, job, caller, wait)


@router.post("/undo", summary="Take the last apply back", responses=answers(JobAnswer, 200, 202))
async def undo(request: Request, doors: DoorsOf, caller: CallerOf, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.folder.undo(caller), caller, wait)
