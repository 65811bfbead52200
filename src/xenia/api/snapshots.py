"""Snapshots of a domain."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import FileResponse, Response

from xenia.api.answers import JobAnswer, SnapshotAnswer, SnapshotList, json_response
from xenia.api.bodies import SnapshotBody, WarmBody
from xenia.api.domains import Ref
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers, pictures
from xenia.lib.codec import to_plain
from xenia.model.errors import not_found
from xenia.model.operations import SNAPSHOT_OPERATIONS
from xenia.model.snapshot import SnapshotDiff

router = Routes("snapshots", prefix="/domains/{ref}/snapshots")

Name = Annotated[str, Path(max_length=100, description="the name of the snapshot, or its id")]
To = Annotated[str, Query(max_length=100, description="another snapshot; without it, the domain as it is now")]

_DONE = answers(JobAnswer, 200, 202)


@router.get("", summary=SNAPSHOT_OPERATIONS["snapshot list"].sentence, responses=answers(SnapshotList))
async def snapshots(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    domain = await doors.manager.inventory.look_up(ref)
    found = await doors.manager.snapshots.list(ref, caller)
    return json_response({"domain": domain.name, "snapshots": to_plain(found)})


@router.post("", summary=SNAPSHOT_OPERATIONS["snapshot create"].sentence, responses=_DONE)
async def create(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: SnapshotBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.snapshots.create(ref, body.request(), caller), caller, wait)


@router.get("/{name}", summary=SNAPSHOT_OPERATIONS["snapshot show"].sentence, responses=answers(SnapshotAnswer))
async def snapshot(doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name) -> Response:
    await doors.manager.inventory.look_up(ref)
    shown, found = await doors.manager.snapshots.show(ref, name, caller)
    text = found.text if caller.administers_host else ""
    return json_response({"snapshot": to_plain(shown), "layers": to_plain(found.layers), "text": text})


@router.get("/{name}/picture", summary="What the screen of the guest showed then", responses=pictures())
async def picture(doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name) -> Response:
    await doors.manager.inventory.look_up(ref)
    _, found = await doors.manager.snapshots.show(ref, name, caller)
    if not found.picture or not File(found.picture).is_file():
        raise not_found(f"there is no picture of the snapshot '{found.name}'", "its guest had no screen")
    return FileResponse(found.picture, media_type="image/png", headers={"X-Content-Type-Options": "nosniff"})


@router.get("/{name}/diff", summary=SNAPSHOT_OPERATIONS["snapshot diff"].sentence, responses=answers(SnapshotDiff))
async def diff(doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name, to: To = "") -> Response:
    await doors.manager.inventory.look_up(ref)
    return json_response(to_plain(await doors.manager.snapshots.diff(ref, name, to, caller)))


@router.post("/{name}/revert", summary=SNAPSHOT_OPERATIONS["snapshot revert"].sentence, responses=_DONE)
async def revert(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.snapshots.revert(ref, name, caller), caller, wait)


@router.post("/{name}/warm", summary=SNAPSHOT_OPERATIONS["snapshot warm"].sentence, responses=_DONE)
async def warm(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name, body: WarmBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    job = doors.manager.snapshots.keep_warm(ref, name, body.count, caller)
    return await settle(request, doors, job, caller, wait)


@router.delete("", summary="Delete all snapshots of a domain", responses=_DONE)
async def delete_all(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.snapshots.delete(ref, "", caller), caller, wait)


@router.delete("/{name}", summary=SNAPSHOT_OPERATIONS["snapshot delete"].sentence, responses=_DONE)
async def delete(request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, name: Name, wait: Wait = 0) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.snapshots.delete(ref, name, caller), caller, wait)
