"""Images that are sent to the host, over WebSocket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

from fastapi import Query
from starlette.websockets import WebSocket

from xenia.api.accept import accept_bytes
from xenia.api.ascii_json import ascii_json
from xenia.api.doors import Doors, DoorsOf
from xenia.api.jobs import plain_job
from xenia.api.lasting import lasting, watch_login
from xenia.api.passing import STOPPING, as_reason
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.lib.aio import undisturbed
from xenia.manager.image_upload import upload as start_upload
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, invalid, timed_out, unavailable
from xenia.model.job import Job, JobState
from xenia.model.operations import IMAGE_OPERATIONS, require

router = Routes("images")

CLOSE_CODES = {JobState.DONE: 4000, JobState.FAILED: 4002, JobState.CANCELLED: 4003, JobState.LOST: STOPPING}
"""What the WebSocket is closed with, by what became of the job."""

_PATIENCE = 60.0
"""Seconds in which something has to come."""
_TOLD_AFTER = 256 << 10
"""Bytes between two words on how much has come."""
_SEND_TIMEOUT = 10.0
_LAST_STEPS = 60.0

ImagePath = Annotated[str, Query(max_length=4096)]
Size = Annotated[int, Query(ge=1, lt=2**62)]


@router.websocket("/images/upload")
async def upload(websocket: WebSocket, doors: DoorsOf, caller: CallerOf, path: ImagePath, size: Size) -> None:
    """Binary frames of at most 64 KiB with the `size` bytes of the new image `path`, and an empty one at their end. It
    answers in text frames of JSON: `job` first and last, and meanwhile how many bytes were `received`; who sends no
    more than some MiB beyond that finds nothing piled up. It ends with code 4000 when the image is there, 4002 when it
    was refused, for a reason that was known before as well: a browser tells no page of an upgrade that is refused; 4003
    when the job was cancelled and 1001 when xend stops. Who sends nothing for 60 s is refused.
    """
    require(caller.role, IMAGE_OPERATIONS["disk upload"])
    await accept_bytes(websocket)
    sender = _Sender(websocket)
    async with lasting(websocket):
        job = start_upload(doors.manager.images, path, size, sender.piece, caller)
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await sender.tell_job(job)
            await race(_end_of(doors, job), doors.stopping.wait(), watch_login(doors, caller))
        finally:
            job = await undisturbed(_ended(doors, job, caller))
        async with asyncio.timeout(_SEND_TIMEOUT):
            await sender.tell_job(job)
            code = STOPPING if doors.stopping.is_set() and job.state is not JobState.DONE else CLOSE_CODES[job.state]
            await websocket.close(code, _why(job))


class _Sender:
    """Who sends an image."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._received = self._told = 0

    async def piece(self) -> bytes:
        """What came before has been written when this is asked for."""
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._received - self._told >= _TOLD_AFTER:
                    self._told = self._received
                    await self._tell({"received": self._received})
                message = await self._websocket.receive()
        except TimeoutError as error:
            raise timed_out(f"nothing was sent for {_PATIENCE:.0f} s", "send it again") from error
        if message["type"] == "websocket.disconnect":
            raise unavailable(f"who sent it went away after {self._received} bytes", "send it again")
        content: bytes | None = message.get("bytes")
        if content is None:
            raise invalid("an image is sent in binary frames")
        self._received += len(content)
        return content

    async def tell_job(self, job: Job) -> None:
        await self._tell({"job": plain_job(job, full=True)})

    async def _tell(self, plain: dict[str, Any]) -> None:
        await self._websocket.send_text(ascii_json(plain))


async def _end_of(doors: Doors, job: Job) -> None:
    while job.state is JobState.RUNNING:
        job = await doors.manager.wait(job.id, 3600)


async def _ended(doors: Doors, job: Job, caller: Caller) -> Job:
    """The job, cancelled where it still runs; at its very end it cannot be."""
    job = doors.manager.job(job.id)
    if job.state is not JobState.RUNNING:
        return job
    with suppress(XeniaError):
        return await doors.manager.cancel(job.id, caller)
    return await doors.manager.wait(job.id, _LAST_STEPS)


def _why(job: Job) -> str:
    if job.error is not None:
        return as_reason(job.error["detail"])
    return "the image is there" if job.state is JobState.DONE else "nothing of it is left"
