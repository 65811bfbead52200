"""Making an image larger, or smaller."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.image_volumes import refuse_unwiped
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import conflict, invalid
from xenia.model.image import Image, ImageFormat
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.create import check_size
from xenia.storage.images.resize import grow
from xenia.storage.images.resize import shrink as make_smaller
from xenia.storage.lock import lock
from xenia.storage.paths import find
from xenia.storage.volumes.names import VolumeName

Tell = Callable[[float], None]


def resize(images: Images, path: str, size: int, caller: Caller, *, shrink: bool = False, wiped: bool = True) -> Job:
    """Give an image `size` bytes, also while its guest runs; fewer than it has only with `shrink`, and while nobody
    uses it. The result is that of Images.create. What a thick volume gets is wiped, unless an administrator does not
    want that.

    Fails with invalid for a smaller size without `shrink`, for one that cannot be, and for what is neither raw nor
    qcow2; with a conflict for one that is to be smaller and that others count on; and as storage.images.resize does, or
    LiveImages.grow.
    """
    operation = IMAGE_OPERATIONS["disk resize"]
    require(caller.role, operation)
    roots = images.roots(caller)

    def tell(done: float) -> None:
        images.jobs.progress(job.id, done)

    async def work() -> dict[str, Any]:
        check_size(size)
        step(f"gives {path} {size} bytes")
        seen, notes = await images.look(path, roots)
        image = seen.image
        if image.problem or image.format not in ("raw", "qcow2"):
            why = image.problem or f"it is {image.format}, neither raw nor qcow2"
            raise invalid(f"the size of '{printable(image.path)}' cannot be changed: {why}")
        if size < image.size:
            if images.volumes.named(image.path) is not None:
                raise invalid(
                    f"'{printable(image.path)}' is a volume of LVM, and is not made smaller here",
                    "where its file system ends before: lvreduce (lvreduce(8))",
                )
            await _refuse_smaller(images, image, shrink=shrink)
            with find(path, roots) as place:
                moved = await make_smaller(place, image.format, size, images.looker.inspect, images.qemu_img)
            notes = (*notes, *(["its second partition table is at its new end"] if moved else []))
            told = await images.told(image.path)
            return {**told, "notes": [*notes, *told["notes"]]}
        if any(below.problem or below.size > image.size for below in await images.looker.chain(seen, roots)):
            raise invalid(
                f"'{printable(image.path)}' cannot be made larger: it is based on an image that is larger than it, or "
                "that cannot be read, whose content would appear behind its end"
            )
        if size > image.size and (volume := images.volumes.named(image.path)) is not None:
            notes = (*notes, *await _grow_volume(images, volume, image, size, caller, tell, wiped))
        elif size > image.size and (user := await images.running_user(image.path)) is not None:
            notes = (*notes, *await images.live.grow(image.path, user, size, caller))
        elif size > image.size:
            with find(path, roots) as place:
                await grow(place, image.format, size, images.qemu_img)
        told = await images.told(image.path, size)
        return {**told, "notes": [*notes, *told["notes"]]}

    job = images.jobs.start(operation.name, path, caller, work)
    return job


async def _refuse_smaller(images: Images, image: Image, *, shrink: bool) -> None:
    shown = printable(image.path)
    if not shrink:
        raise invalid(
            f"'{shown}' has {image.size} bytes: what lies behind its new end would be lost",
            "where nothing does: xm disk resize --shrink",
        )
    if image.backing:
        raise conflict(
            f"'{shown}' is based on {printable(image.backing)}, and is not made smaller",
            f"make one that stands alone: xm disk convert {shown} NEW",
        )
    image = await images.known(image)
    if image.clones:
        raise conflict(f"other images are based on '{shown}': {', '.join(map(printable, image.clones))}")
    running = next((user for user in image.users if user.runs), None)
    if running is not None:
        raise conflict(
            f"'{shown}' is the disk {running.target} of domain '{running.domain}', which runs",
            f"xm shutdown {running.domain}",
        )
    if keeper := images.users.kept_for(image.path):
        raise conflict(f"'{shown}' is needed as it is by {printable(keeper)}")


async def _grow_volume(
    images: Images, name: VolumeName, image: Image, size: int, caller: Caller, tell: Tell, wiped: bool
) -> list[str]:
    """What is to be said of it."""
    if image.format != ImageFormat.RAW:
        raise invalid(f"'{image.path}' holds a {image.format} image, and only raw ones in volumes are made larger")
    refuse_unwiped(caller, wiped=wiped)
    if clones := (await images.known(image)).clones:
        raise conflict(f"'{image.path}' is not changed: others are based on it: {', '.join(map(printable, clones))}")
    user = await images.running_user(image.path)
    if user is not None:
        await images.live.refuse(image.path, user, caller)
    with find(image.path, images.roots(caller)) as place:
        descriptor = place.open(write=True, claim=user is None)
    try:
        if user is None:
            lock(descriptor, write=True, path=image.path)
        size, notes = await images.volumes.grow(name, size, tell, wiped=wiped)
    finally:
        os.close(descriptor)
    if user is not None:
        notes += await images.live.grow(image.path, user, size, caller)
    return notes
