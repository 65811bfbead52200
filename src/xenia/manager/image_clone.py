"""Making an image that begins as another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.image import NewImage
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.copy import copy
from xenia.storage.images.place import folder_for
from xenia.storage.paths import find


def clone(images: Images, source: str, target: str, caller: Caller, *, full: bool) -> Job:
    """Make the image `target`: based on `source`, or, where `full`, a copy of it. The result is that of Images.create.

    Fails as that does, and a full one with a conflict while somebody writes to `source`, with invalid for one that is
    based on another image, and as storage.images.copy does. It can be cancelled.
    """
    operation = IMAGE_OPERATIONS["disk clone"]
    require(caller.role, operation)
    if not full:
        return images.create(NewImage(target, None, backing=source), caller, operation)
    roots, jobs = images.roots(caller), images.jobs

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(source, roots)
        image = seen.image
        if image.backing or image.problem:
            why = image.problem or f"it is based on {image.backing}"
            raise invalid(
                f"'{printable(image.path)}' cannot be copied alone: {why}",
                "without --full the new image is based on it" if image.backing else None,
            )
        with find(source, roots) as place, folder_for(target, roots) as (folder, name):
            await copy(place, folder, name, lambda done: jobs.progress(job.id, done))
            return await images.told(str(Path(folder.path, name)), image.size)

    job = jobs.start(operation.name, target, caller, work, cancellable=True)
    return job
