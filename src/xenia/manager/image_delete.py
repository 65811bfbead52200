"""Removing an image that nobody needs."""

from __future__ import annotations

from typing import Any

from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.image import Image
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.protect import unprotect
from xenia.storage.images.remove import remove
from xenia.storage.paths import find


def delete(images: Images, path: str, caller: Caller, *, force: bool = False) -> Job:
    """Remove an image; its base may be written to again when nothing else is based on it. The result is `{"path": PATH,
    "notes": [TEXT]}`.

    Fails with a conflict that names who needs it: what is based on it, a domain that runs, or, unless `force`, a guest
    file; with invalid for what is no image, and as storage.images.remove does.
    """
    require(caller.role, IMAGE_OPERATIONS["disk delete"])
    roots = images.roots(caller)

    async def work() -> dict[str, Any]:
        seen, _ = await images.look(path, roots)
        image = await images.known(seen.image)
        if image.format == "raw" and image.size % 512:
            raise invalid(f"'{printable(image.path)}' is no image", "xm disk list shows what are some")
        _refuse_needed(image, force=force)
        if (volume := images.volumes.named(image.path)) is not None:
            await images.volumes.remove(volume)
        else:
            with find(path, roots) as place:
                remove(place)
        step(f"{image.path} is removed")
        return {"path": image.path, "notes": await release(images, image.backing)}

    return images.jobs.start("disk delete", path, caller, work)


def _refuse_needed(image: Image, *, force: bool) -> None:
    shown = printable(image.path)
    if image.clones:
        raise conflict(f"other images are based on '{shown}': {', '.join(map(printable, image.clones))}")
    running = next((user for user in image.users if user.runs), None)
    if running is not None:
        raise conflict(
            f"'{shown}' is the disk {running.target} of domain '{running.domain}', which runs",
            running.way_out,
        )
    if image.users and not force:
        user = image.users[0]
        raise conflict(
            f"'{shown}' is the disk {user.target} of domain '{user.domain}', as its guest file says",
            f"take it out there, or: xm disk delete --force {shown}",
        )


async def release(images: Images, base: str) -> list[str]:
    """Let the base be written to again that nothing is based on any more."""
    others = (await images.everywhere()).images if base else ()
    found = next((image for image in others if image.path == base), None)
    if found is None or found.clones:
        return []
    try:
        unprotect(base)
    except (OSError, XeniaError):
        return [f"{base} stays write-protected"]
    return [f"nothing is based on {base} any more: it may be written to again"]
