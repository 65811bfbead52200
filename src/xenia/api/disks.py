"""Disks of a domain. Which one that runs has stands in its configuration."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer
from xenia.api.bodies import AttachDiskBody, DetachDiskBody, DiskBody, EjectBody, InsertBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.schema import answers
from xenia.model.operations import OPERATIONS

router = APIRouter(tags=["disks"])


@router.post(
    "/domains/{ref}/block-attach",
    summary=OPERATIONS["block-attach"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def attach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: AttachDiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    disks = doors.manager.disks
    job = disks.attach(ref, body.spec, body.folder, body.scope, caller, until_taken=body.until_taken)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/block-detach",
    summary=OPERATIONS["block-detach"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def detach(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: DetachDiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.disks.detach(ref, body.device, body.scope, caller, force=body.force)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/block-configure",
    summary=OPERATIONS["block-configure"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def configure(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: DiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.disks.configure(ref, body.spec, body.folder, body.scope, caller)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/cd-insert", summary=OPERATIONS["cd-insert"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def insert(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: InsertBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.disks.insert(ref, body.device, body.path, body.folder, body.scope, caller, force=body.force)
    return await settle(request, doors, job, caller, wait)


@router.post("/domains/{ref}/cd-eject", summary=OPERATIONS["cd-eject"].sentence, responses=answers(JobAnswer, 200, 202))
async def eject(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: EjectBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.disks.eject(ref, body.device, body.scope, caller, force=body.force)
    return await settle(request, doors, job, caller, wait)
