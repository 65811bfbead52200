"""Making an image larger."""

from __future__ import annotations

from typing import Any

from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.create import check_size
from xenia.storage.images.resize import grow
from xenia.storage.paths import find


def resize(images: Images, path: str, size: int, caller: Caller) -> Job:
    """Give an image `size` bytes, also while its guest runs. The result is that of Images.create.

    Fails with invalid for a smaller size, for one that cannot be, and for what is neither raw nor qcow2, and as
    storage.images.resize does, or LiveImages.grow.
    """
    operation = IMAGE_OPERATIONS["disk resize"]
    require(caller.role, operation)
    roots = images.roots(caller)

    async def work() -> dict[str, Any]:
        check_size(size)
        seen, notes = await images.look(path, roots)
        image = seen.image
        if image.problem or image.format not in ("raw", "qcow2"):
            why = image.problem or f"it is {image.format}, neither raw nor qcow2"
            raise invalid(f"'{printable(image.path)}' cannot be made larger: {why}")
        if size < image.size:
            raise invalid(
                f"'{printable(image.path)}' has {image.size} bytes, and is not made smaller: what lies at its end "
                "would be lost",
                "make a smaller image, and have a guest that has both copy what is in this one",
            )
        if any(below.problem or below.size > image.size for below in await images.looker.chain(seen, roots)):
            raise invalid(
                f"'{printable(image.path)}' cannot be made larger: it is based on an image that is larger than it, or "
                "that cannot be read, whose content would appear behind its end"
            )
        if size > image.size and (user := await images.running_user(image.path)) is not None:
            notes = (*notes, *await images.live.grow(image.path, user, size, caller))
        elif size > image.size:
            with find(path, roots) as place:
                await grow(place, image.format, size, images.qemu_img)
        told = await images.told(image.path, size)
        return {**told, "notes": [*notes, *told["notes"]]}

    return images.jobs.start(operation.name, path, caller, work)
