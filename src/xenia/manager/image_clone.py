"""Making an image that begins as another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.image_fill import fill
from xenia.manager.image_volumes import refuse_pool
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.image import Image, ImageFormat, NewImage
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.copy import copy
from xenia.storage.images.place import folder_for
from xenia.storage.images.source import open_source
from xenia.storage.paths import find, shell_word
from xenia.storage.volumes.names import VolumeName


def clone(images: Images, source: str, target: str, caller: Caller, *, full: bool, pool: str = "") -> Job:
    """Make the image `target`: based on `source`, or, where `full`, a copy of it. The result is that of Images.create.
    Of a thin volume another one is made that begins as it; a full copy may be in the thin pool `pool`.

    Fails as that does, and a full one with a conflict while somebody writes to `source`, with invalid for one that is
    based on another image, and as storage.images.copy or image_fill.fill does. A full one can be cancelled.
    """
    operation = IMAGE_OPERATIONS["disk clone"]
    require(caller.role, operation)
    volumes = images.volumes.named(source), images.volumes.named(target)
    if not full and any(volumes):
        return _snapshot(images, source, target, caller, pool)
    wish = NewImage(target, None, backing="" if full else source, pool=pool)
    if not full:
        return images.create(wish, caller, operation)
    roots, jobs = images.roots(caller), images.jobs

    def tell(done: float) -> None:
        jobs.progress(job.id, done)

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(source, roots)
        image = seen.image
        _refuse_partial(image)
        if not any(volumes):
            refuse_pool(wish)
            with find(source, roots) as place, folder_for(target, roots) as (folder, name):
                step(f"copies {image.path} to {Path(folder.path, name)}")
                await copy(place, folder, name, tell)
                return await images.told(str(Path(folder.path, name)), image.size)
        if image.format != ImageFormat.RAW:
            raise invalid(
                f"'{printable(image.path)}' is in the format {image.format}, and volumes are copied as raw disks",
                f"xm disk convert {shell_word(source)} {shell_word(target)}",
            )
        async with open_source(images.looker.inspect, source, ImageFormat.RAW, roots) as layers:
            return await fill(images, layers, NewImage(target, None, ImageFormat.RAW, pool=pool), roots, tell)

    job = jobs.start(operation.name, target, caller, work, cancellable=True)
    return job


def _snapshot(images: Images, source: str, target: str, caller: Caller, pool: str) -> Job:
    """Where one of both is a volume."""
    operation, roots = IMAGE_OPERATIONS["disk clone"], images.roots(caller)

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(source, roots)
        origin, name = images.volumes.named(seen.image.path), images.volumes.named(target)
        if origin is None or name is None or pool:
            raise _only_among_volumes(origin, name)
        if seen.used == "writing":
            raise conflict(f"'{printable(seen.image.path)}' is written to", "end its guest first")
        step(f"makes the volume {name.path}, which begins as {origin.path}")
        notes = await images.volumes.snapshot(origin, name)
        return await images.told(name.path, notes=notes)

    return images.jobs.start(operation.name, target, caller, work)


def _only_among_volumes(origin: VolumeName | None, name: VolumeName | None) -> XeniaError:
    if origin is not None and name is not None:
        return invalid(f"what begins as '{origin.path}' is in the thin pool of that", "leave --thin away")
    if origin is None:
        return invalid("no volume is based on a file", "copy it: xm disk clone --full")
    return invalid(
        "no file is based on a volume, which others could go on to write to", "copy it: xm disk clone --full"
    )


def _refuse_partial(image: Image) -> None:
    if image.backing or image.problem:
        why = image.problem or f"it is based on {image.backing}"
        raise invalid(
            f"'{printable(image.path)}' cannot be copied alone: {why}",
            "without --full the new image is based on it" if image.backing else None,
        )
