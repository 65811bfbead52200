"""Images: what there are, and what is done to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, json_response
from xenia.api.doors import DoorsOf
from xenia.api.image_bodies import CloneImageBody, DeleteImageBody, NewImageBody
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.manager.image_clone import clone as start_clone
from xenia.manager.image_delete import delete as start_delete
from xenia.model.image import ImageInfo, ImageList
from xenia.model.operations import IMAGE_OPERATIONS

router = APIRouter(tags=["images"])

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


@router.post("/images/clone", summary=IMAGE_OPERATIONS["disk clone"].sentence, responses=answers(JobAnswer, 200, 202))
async def clone(request: Request, doors: DoorsOf, caller: CallerOf, body: CloneImageBody, wait: Wait = 0) -> Response:
    job = start_clone(doors.manager.images, body.source, body.target, caller, full=body.full)
    return await settle(request, doors, job, caller, wait)


@router.post("/images/delete", summary=IMAGE_OPERATIONS["disk delete"].sentence, responses=answers(JobAnswer, 200, 202))
async def delete(request: Request, doors: DoorsOf, caller: CallerOf, body: DeleteImageBody, wait: Wait = 0) -> Response:
    job = start_delete(doors.manager.images, body.path, caller, force=body.force)
    return await settle(request, doors, job, caller, wait)
