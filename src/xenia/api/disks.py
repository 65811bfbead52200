"""Disks of a domain. Which one that runs has stands in its configuration."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from xenia.api.answers import BitmapList, JobAnswer, json_response
from xenia.api.bodies import (
    AttachDiskBody,
    BitmapBody,
    DetachDiskBody,
    DiskBody,
    EjectBody,
    ExportDiskBody,
    FlattenDiskBody,
    InsertBody,
    MoveDiskBody,
)
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.operations import OPERATIONS

router = Routes("disks")


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
    "/domains/{ref}/block-move", summary=OPERATIONS["block-move"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def move(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: MoveDiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    moves = doors.manager.moves
    job = moves.move(ref, body.device, body.path, caller, form=body.format, delete=body.delete)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/block-flatten", summary=OPERATIONS["block-flatten"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def flatten(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: FlattenDiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.moves.flatten(ref, body.device, caller), caller, wait)


@router.post(
    "/domains/{ref}/block-export", summary=OPERATIONS["block-export"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def export(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: ExportDiskBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.exports.export(ref, body.device, caller, listen=body.listen, bitmap=body.bitmap)
    return await settle(request, doors, job, caller, wait)


@router.get(
    "/domains/{ref}/block-bitmaps", summary=OPERATIONS["block-bitmap-list"].sentence, responses=answers(BitmapList)
)
async def bitmaps(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return json_response(to_plain(BitmapList(await doors.manager.bitmaps.list(ref, caller))))


@router.post(
    "/domains/{ref}/block-bitmap-create",
    summary=OPERATIONS["block-bitmap-create"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def create_bitmap(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: BitmapBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.bitmaps.create(ref, body.device, body.name, caller)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/domains/{ref}/block-bitmap-delete",
    summary=OPERATIONS["block-bitmap-delete"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def delete_bitmap(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: BitmapBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.bitmaps.delete(ref, body.device, body.name, caller)
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
