"""The guest files of this host: shown, edited in place, replaced, and brought back. For administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path
from starlette.responses import Response

from xenia.api.answers import (
    GuestFileList,
    GuestFileRow,
    VersionAnswer,
    VersionList,
    json_response,
)
from xenia.api.bodies import EditBody, GuestFileBody, RevertBody, TextBody
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.lib.text import decode
from xenia.model.guest_file import GuestFile, Saved, Shown

router = Routes("guest files")

Ref = Annotated[
    str, Path(max_length=256, description="the name of a file in /etc/xen, with or without .cfg, or of a domain")
]
Number = Annotated[int, Path(ge=1, lt=2**31, description="the number of a version")]
IfMatch = Annotated[str | None, Header(description="the ETag of the content that is to be changed")]


@router.get("/guest-files", summary="The guest files of this host", responses=answers(GuestFileList))
async def guest_files(doors: DoorsOf, caller: CallerOf) -> Response:
    files = await doors.manager.guest_files.all(caller)
    return json_response(to_plain(GuestFileList(tuple(map(_row, files)))))


def _row(file: GuestFile) -> GuestFileRow:
    domain = file.config.name if file.config is not None else ""
    problem = f"{file.errors[0].place}: {file.errors[0].message}" if file.errors else ""
    return GuestFileRow(file.file, file.etag, domain, problem)


@router.post("/guest-files", summary="Define a domain: keep a guest file under its name", responses=answers(Saved))
async def define(doors: DoorsOf, caller: CallerOf, body: GuestFileBody) -> Response:
    return _saved(await doors.manager.defining.define(body.text, body.file, body.overrides, caller))


@router.get("/guest-files/{ref}", summary="One guest file, with its ETag", responses=answers(Shown))
async def guest_file(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    shown = await doors.manager.guest_files.show(ref, caller)
    return json_response(to_plain(shown), headers=_etag(shown.etag))


@router.patch("/guest-files/{ref}", summary="Edit a guest file in place", responses=answers(Saved))
async def edit(doors: DoorsOf, caller: CallerOf, ref: Ref, body: EditBody, if_match: IfMatch = None) -> Response:
    return _saved(await doors.manager.guest_files.edit(ref, body.wanted(), caller, _unquoted(if_match)))


@router.put(
    "/guest-files/{ref}", summary="Make a guest file, or replace the one with that ETag", responses=answers(Saved)
)
async def put(doors: DoorsOf, caller: CallerOf, ref: Ref, body: TextBody, if_match: IfMatch = None) -> Response:
    return _saved(await doors.manager.guest_files.put(ref, body.text, caller, _unquoted(if_match)))


@router.delete(
    "/guest-files/{ref}", summary="Remove the guest file of a domain that does not run", responses=answers(Saved)
)
async def delete(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return _saved(await doors.manager.defining.delete(ref, caller))


@router.get("/guest-files/{ref}/versions", summary="The versions that are kept", responses=answers(VersionList))
async def versions(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    file, kept = await doors.manager.guest_files.history(ref, caller)
    return json_response(to_plain(VersionList(file, kept)))


@router.get("/guest-files/{ref}/versions/{number}", summary="One version", responses=answers(VersionAnswer))
async def version(doors: DoorsOf, caller: CallerOf, ref: Ref, number: Number) -> Response:
    content = await doors.manager.guest_files.version(ref, number, caller)
    return json_response(to_plain(VersionAnswer(decode(content))))


@router.post("/guest-files/{ref}/revert", summary="Bring an earlier version back", responses=answers(Saved))
async def revert(doors: DoorsOf, caller: CallerOf, ref: Ref, body: RevertBody) -> Response:
    return _saved(await doors.manager.guest_files.revert(ref, body.version, caller))


def _saved(saved: Saved) -> Response:
    return json_response(to_plain(saved), headers=_etag(saved.etag))


def _etag(etag: str) -> dict[str, str]:
    return {"etag": f'"{etag}"'}


def _unquoted(if_match: str | None) -> str | None:
    """A weak tag (W/) is never one of ours."""
    return if_match.strip().strip('"') if if_match is not None else None
