"""Checking an image, and repairing it."""

from __future__ import annotations

from typing import Any

from xenia.lib.codec import to_plain
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.check import check as check_image
from xenia.storage.paths import find


def check(images: Images, path: str, caller: Caller, *, repair: bool = False) -> Job:
    """Check an image; with `repair`, put right what can be. The result is `{"path", "check": ImageCheck, "notes"}`.

    Fails with invalid for what has nothing that could be checked, and as storage.images.check does. It can be
    cancelled unless it repairs.
    """
    operation = IMAGE_OPERATIONS["disk check"]
    require(caller.role, operation)
    roots = images.roots(caller)

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(path, roots)
        image = seen.image
        if image.format != "qcow2":
            raise invalid(
                f"'{printable(image.path)}' is {image.format}: only qcow2 images can be checked",
                "a raw image has no parts that could contradict each other; its file system is checked by its guest"
                if image.format == "raw"
                else None,
            )
        if image.problem and not seen.facts.get("corrupt"):
            raise invalid(f"'{printable(image.path)}' cannot be checked: {image.problem}")
        step(f"{'repairs' if repair else 'checks'} {image.path}")
        with find(path, roots) as place:
            found = await check_image(place, images.qemu_img, repair=repair)
        return {"path": image.path, "check": to_plain(found), "notes": []}

    return images.jobs.start(operation.name, path, caller, work, cancellable=not repair)
