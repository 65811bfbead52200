"""Offering an image to backup tools."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.image_convert import refuse_unreadable
from xenia.manager.images import Images
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, conflict, denied
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.export import export as offer
from xenia.storage.images.export import tcp_listener, unix_listener
from xenia.storage.images.source import open_source


def export(images: Images, path: str, caller: Caller, *, listen: str = "", raw: bool = False) -> Job:
    """Offer what an image holds over NBD, read-only, until the job is cancelled: at the socket `ID.sock` in
    `images.exports`, ID being that of the job, to `caller` alone; or, where `listen` is an address and port, there to
    everybody. With `raw`, it is a raw disk whatever it begins like.

    Raises denied for others than administrators and `listen`. Fails with a conflict while somebody writes to it, and as
    storage.images.export does.
    """
    operation = IMAGE_OPERATIONS["disk export"]
    require(caller.role, operation)
    if listen and caller.role < Role.ADMINISTRATOR:
        raise denied("only an administrator may offer an image to the network", "leave --listen away")
    roots = images.roots(caller)

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(path, roots)
        if not raw:
            refuse_unreadable(seen.image)
        form = "raw" if raw else seen.image.format
        socket = images.exports / f"{job.id}.sock"
        async with AsyncExitStack() as held:
            try:
                layers = await held.enter_async_context(open_source(images.looker.inspect, path, form, roots))
            except XeniaError as error:
                raise await _with_way_out(images, seen.image.path, error) from error
            with tcp_listener(listen) if listen else unix_listener(socket, caller.uid) as listener:
                step(f"offers {seen.image.path} at {listen or socket}, until the job is cancelled")
                await offer(layers, listener, images.qemu_img)
        return {"path": printable(seen.image.path)}

    job = images.jobs.start(operation.name, path, caller, work, cancellable=True)
    return job


async def _with_way_out(images: Images, path: str, error: XeniaError) -> XeniaError:
    """What to do about an image that is in use."""
    user = await images.running_user(path) if error.kind is ErrorKind.CONFLICT else None
    if user is None:
        return error
    return conflict(error.message, f"offer the disk as it is now: xm block-export {user.domain} {user.target}")
