"""Making an image in another format of one."""

from __future__ import annotations

from typing import Any

from xenia.lib.text import printable
from xenia.manager.image_fill import fill
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.image import Image, ImageFormat, NewImage
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.source import READABLE, open_source

_ELSEWHERE = "have the program that made it make one plain file of it, and convert that"


def convert(
    images: Images,
    source: str,
    target: str,
    caller: Caller,
    *,
    form: ImageFormat | None = None,
    raw: bool = False,
    pool: str = "",
) -> Job:
    """Make the image `target` of what `source` holds, in the format `form` (None: as its name says); a volume may be in
    the thin pool `pool`. With `raw`, the source is a raw disk whatever it begins like. The result is that of
    Images.create.

    Fails with invalid for a source whose content lies elsewhere or cannot be read, a conflict while somebody writes to
    it, and as image_fill.fill does. It can be cancelled.
    """
    operation = IMAGE_OPERATIONS["disk convert"]
    require(caller.role, operation)
    roots, jobs = images.roots(caller), images.jobs

    async def work() -> dict[str, Any]:
        seen, notes = await images.look(source, roots)
        image = seen.image
        if not raw:
            refuse_unreadable(image)
            notes = (*notes, *_taken_for(image))
        wish = NewImage(target, None, form, pool=pool)
        async with open_source(images.looker.inspect, source, "raw" if raw else image.format, roots) as layers:
            told = await fill(images, layers, wish, roots, lambda done: jobs.progress(job.id, done))
        return {**told, "notes": [*notes, *told["notes"]]}

    job = jobs.start(operation.name, target, caller, work, cancellable=True)
    return job


def refuse_unreadable(image: Image) -> None:
    """Raises invalid for one of which there is nothing here that could read it."""
    shown = printable(image.path)
    if image.problem:
        damaged = image.format == "qcow2" and "damaged" in image.problem
        raise invalid(
            f"'{shown}' cannot be read: {image.problem}",
            f"xm disk check --repair {shown}" if damaged else _ELSEWHERE,
        )
    if image.format not in READABLE:
        raise invalid(f"'{shown}' cannot be read: nothing here reads {image.format} images")


def _taken_for(image: Image) -> list[str]:
    """What was read in it that its author may not have meant."""
    if image.format == "raw":
        return []
    based = f", based on {image.backing}" if image.backing else ""
    return [f"{image.path} was read as a {image.format} image{based}"]
