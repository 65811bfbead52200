"""Taking an image from somebody's own computer."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from xenia.lib.aio import to_end
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.create import new_file, require_room
from xenia.storage.images.place import folder_for
from xenia.storage.images.upload import refuse_useless, take
from xenia.storage.new_file import exists_already

Piece = Callable[[], Awaitable[bytes]]
"""Gives what comes next; b"" when that was all. Raises XeniaError where no more comes."""


def upload(images: Images, path: str, size: int, piece: Piece, caller: Caller) -> Job:
    """Make the image `path` of the `size` bytes that `piece` gives one after the other, whole or not at all. What can
    be known before is refused before it is asked for any. The result is that of Images.create.

    Fails with a conflict where such a file is there, invalid for a volume and for what can be no image, denied for one
    that is based on what `caller` may not reach, unavailable where it does not fit, and as storage.images.upload.take
    does. It can be cancelled.
    """
    operation = IMAGE_OPERATIONS["disk upload"]
    require(caller.role, operation)
    roots, jobs = images.roots(caller), images.jobs

    async def work() -> dict[str, Any]:
        if images.volumes.named(path) is not None:
            raise invalid(f"'{printable(path)}' is a volume of LVM", "send it to a file, then: xm disk convert")
        with folder_for(path, roots) as (folder, name):
            require_room(folder, size, "the image")
            new = new_file(folder)
            step(f"receives {size} bytes")
            try:
                await take(new.descriptor, size, piece, lambda done: jobs.progress(job.id, done))
                await refuse_useless(images.looker.inspect, new.descriptor, str(Path(folder.real, name)), roots)
                step("all has come and is an image: it is written to the disk")
                await to_end(os.fsync, new.descriptor)
                jobs.commit(job.id)
                await to_end(new.keep_durably, name)
            except FileExistsError as error:
                raise exists_already(Path(folder.path, name)) from error
            finally:
                new.close()
            return await images.told(str(Path(folder.path, name)))

    job = jobs.start(operation.name, path, caller, work, cancellable=True)
    return job
