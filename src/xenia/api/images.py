"""Images: what there are, and what is done to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, json_response
from xenia.api.doors import DoorsOf
from xenia.api.image_bodies import (
    CheckImageBody,
    CloneImageBody,
    ConvertImageBody,
    DeleteImageBody,
    ExportImageBody,
    NewImageBody,
    PartitionImageBody,
    ResizeImageBody,
)
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.manager.image_check import check as start_check
from xenia.manager.image_clone import clone as start_clone
from xenia.manager.image_convert import convert as start_convert
from xenia.manager.image_delete import delete as start_delete
from xenia.manager.image_export import export as start_export
from xenia.manager.image_partition import partition as start_partition
from xenia.manager.image_resize import resize as start_resize
from xenia.model.image import ImageInfo, ImageList
from xenia.model.operations import IMAGE_OPERATIONS

router = Routes("images")

ImagePath = Annotated[str, Query(max_length=4096, description="the image; not from / on: below the first of the roots")]


@router.get("/images", summary=IMAGE_OPERATIONS["disk list"].sentence, responses=answers(ImageList))
async def images(doors: DoorsOf, caller: CallerOf) -> Response:
    return json_response(to_plain(await doors.manager.images.list(caller)))


@router.get("/images/info", summary=IMAGE_OPERATIONS["disk info"].sentence, responses=answers(ImageInfo))
async def info(doors: DoorsOf, caller: CallerOf, path: ImagePath) -> Response:
    return json_response(to_plain(await doors.manager.images.info(path, caller)))


@router.post("/images", summary=IMAGE_OPERATIONS["disk create"].sentence, responses=answers(JobAnswer, 200, 202))
async def create(request: Request, doors: DoorsOf, caller: CallerOf, body: NewImageBody, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.images.create(body.wish(), caller), caller, wait)


@router.post("/images/check", summary=IMAGE_OPERATIONS["disk check"].sentence, responses=answers(JobAnswer, 200, 202))
async def check(request: Request, doors: DoorsOf, caller: CallerOf, body: CheckImageBody, wait: Wait = 0) -> Response:
    job = start_check(doors.manager.images, body.path, caller, repair=body.repair)
    return await settle(request, doors, job, caller, wait)


@router.post("/images/clone", summary=IMAGE_OPERATIONS["disk clone"].sentence, responses=answers(JobAnswer, 200, 202))
async def clone(request: Request, doors: DoorsOf, caller: CallerOf, body: CloneImageBody, wait: Wait = 0) -> Response:
    job = start_clone(doors.manager.images, body.source, body.target, caller, full=body.full, pool=body.pool)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/images/convert", summary=IMAGE_OPERATIONS["disk convert"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def convert(
    request: Request, doors: DoorsOf, caller: CallerOf, body: ConvertImageBody, wait: Wait = 0
) -> Response:
    job = start_convert(
        doors.manager.images, body.source, body.target, caller, form=body.format, raw=body.raw, pool=body.pool
    )
    return await settle(request, doors, job, caller, wait)


@router.post("/images/export", summary=IMAGE_OPERATIONS["disk export"].sentence, responses=answers(JobAnswer, 200, 202))
async def export(request: Request, doors: DoorsOf, caller: CallerOf, body: ExportImageBody, wait: Wait = 0) -> Response:
    job = start_export(doors.manager.images, body.path, caller, listen=body.listen, raw=body.raw)
    return await settle(request, doors, job, caller, wait)


@router.post(
    "/images/partition", summary=IMAGE_OPERATIONS["disk partition"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def partition(
    request: Request, doors: DoorsOf, caller: CallerOf, body: PartitionImageBody, wait: Wait = 0
) -> Response:
    job = start_partition(doors.manager.images, body.path, body.table, body.wanted(), caller, force=body.force)
    return await settle(request, doors, job, caller, wait)


@router.post("/images/resize", summary=IMAGE_OPERATIONS["disk resize"].sentence, responses=answers(JobAnswer, 200, 202))
async def resize(request: Request, doors: DoorsOf, caller: CallerOf, body: ResizeImageBody, wait: Wait = 0) -> Response:
    job = start_resize(doors.manager.images, body.path, body.size, caller, shrink=body.shrink, wiped=body.wipe)
    return await settle(request, doors, job, caller, wait)


@router.post("/images/delete", summary=IMAGE_OPERATIONS["disk delete"].sentence, responses=answers(JobAnswer, 200, 202))
async def delete(request: Request, doors: DoorsOf, caller: CallerOf, body: DeleteImageBody, wait: Wait = 0) -> Response:
    job = start_delete(doors.manager.images, body.path, caller, force=body.force)
    return await settle(request, doors, job, caller, wait)
