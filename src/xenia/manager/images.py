"""Images: what there are, who uses them, and what is done to them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.lib.codec import to_plain
from xenia.lib.text import printable
from xenia.manager.image_users import ImageUsers, with_users
from xenia.manager.jobs import Jobs
from xenia.manager.live_images import LiveImages
from xenia.model.caller import Caller, Role
from xenia.model.errors import conflict, denied, invalid
from xenia.model.image import Image, ImageFormat, ImageInfo, ImageList, ImageUser, NewImage
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, Operation, require
from xenia.storage.images.create import Base, check_size, create
from xenia.storage.images.look import Looker, Seen, free_space
from xenia.storage.images.place import folder_for
from xenia.storage.images.protect import protect
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.paths import Roots, find

Work = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Images:
    """A name that does not begin with a slash is one below the first of the roots. Others than administrators reach
    what lies below the roots. What changes something is a job.

    All raise denied for a missing role; what else is wrong with a path is told as storage.paths does.
    """

    looker: Looker
    users: ImageUsers
    jobs: Jobs
    qemu_img: QemuImg
    live: LiveImages
    exports: Path
    """The folder of the sockets at which images are offered."""

    async def list(self, caller: Caller) -> ImageList:
        """What lies below the roots, with who uses it."""
        require(caller.role, IMAGE_OPERATIONS["disk list"])
        found = await self.looker.all()
        return replace(found, images=with_users(found.images, await self.users.now()))

    async def info(self, path: str, caller: Caller) -> ImageInfo:
        """All about one image. Raises not_found, denied, and invalid for what is no image."""
        require(caller.role, IMAGE_OPERATIONS["disk info"])
        roots = self.roots(caller)
        seen, notes = await self.look(path, roots)
        chain = await self.looker.chain(seen, roots)
        image = await self.known(seen.image)
        whole = not any(each.problem for each in (seen.image, *chain))
        layers = (seen.image, *chain) if whole else (seen.image,)
        return ImageInfo(
            image,
            chain,
            await self.looker.layout([each.path for each in layers], [each.format for each in layers]),
            seen.used,
            seen.protected,
            free_space(str(Path(image.path).parent)),
            notes,
        )

    async def look(self, path: str, roots: Roots) -> tuple[Seen, tuple[str, ...]]:
        """An image in the format that it has, and what is to be known of that: what a guest file has as a raw disk is
        one, whatever its guest has written to its beginning.
        """
        with find(path, roots) as place:
            seen = await self.looker.look(place)
            length = os.fstat(place.descriptor).st_size
        users = (await self.users.now()).get(seen.image.path, ())
        raw = next((user for user, form in users if form == ImageFormat.RAW), None)
        if raw is None or seen.image.format == ImageFormat.RAW:
            return seen, ()
        note = f"it begins like a {seen.image.format} image, and is taken as raw: domain '{raw.domain}' has it as such"
        image = replace(seen.image, format="raw", size=length or seen.image.size, backing="", problem="")
        return replace(seen, image=image, facts={"format": "raw", "size": image.size, "problem": None}), (note,)

    async def running_user(self, path: str) -> ImageUser | None:
        """The disk of a domain that runs that is the image `path` itself."""
        users = (await self.users.now()).get(path, ())
        return next((user for user, _ in users if user.runs), None)

    async def everywhere(self) -> ImageList:
        """What lies below the roots, and what domains name, wherever that is."""
        return await self.looker.all(await self.users.now())

    async def known(self, image: Image) -> Image:
        """With who uses it, and what is based on it."""
        others = [each for each in (await self.everywhere()).images if each.path != image.path]
        image = replace(image, clones=tuple(each.path for each in others if each.backing == image.path))
        return with_users([image, *others], await self.users.now())[0]

    def create(self, wish: NewImage, caller: Caller, operation: Operation = IMAGE_OPERATIONS["disk create"]) -> Job:
        """Make an image. The result is `{"image": Image, "free": BYTES, "notes": [TEXT]}`.

        Fails with invalid for a size or a format that cannot be, a conflict where the file is there or the base is
        written to, and as storage.images.create does.
        """
        require(caller.role, operation)
        roots = self.roots(caller)

        async def work() -> dict[str, Any]:
            with folder_for(wish.path, roots) as (folder, name):
                base, based_on = await self._base(wish, folder.real, roots) if wish.backing else (None, None)
                size = wish.size or (based_on.size if based_on is not None else None)
                if size is None:
                    raise invalid("the new image has no size", "xm disk create web.img 10g")
                check_size(size)
                form = wish.chosen_format
                await create(folder, name, size, form, base=base, preallocate=wish.preallocate)
                if based_on is not None:
                    protect(based_on.path)
                return await self.told(str(Path(folder.path, name)), size)

        return self.jobs.start(operation.name, wish.path, caller, work)

    async def _base(self, wish: NewImage, folder: str, roots: Roots) -> tuple[Base, Image]:
        """What the new image in `folder` is based on, as it is called there. Raises what speaks against that."""
        if wish.chosen_format is not ImageFormat.QCOW2:
            raise invalid("only a qcow2 image can be based on another one", "leave --format away")
        seen, _ = await self.look(wish.backing, roots)
        image = seen.image
        if image.problem:
            raise invalid(f"'{printable(image.path)}' cannot be a base: {image.problem}")
        if image.format not in (ImageFormat.RAW, ImageFormat.QCOW2):
            raise invalid(
                f"'{printable(image.path)}' is in the format {image.format}; a base is raw or qcow2",
                f"xm disk convert {image.path} NEW.qcow2",
            )
        if not Roots((*self.looker.roots, folder)).allow(image.path):
            raise denied(
                f"no guest could use '{printable(image.path)}' as a base: it lies neither below the roots nor below "
                "the folder of the new image",
                "put it there",
            )
        if seen.used == "writing":
            raise conflict(f"'{printable(image.path)}' is written to, and cannot be a base", "end its guest first")
        below = os.path.relpath(image.path, folder)
        return Base(image.path if below.startswith("..") else below, image.format), image

    async def told(self, path: str, needs: int = 0) -> dict[str, Any]:
        """What a job tells of the image at `path`, which a guest may come to fill with `needs` bytes."""
        with find(path, Roots(unrestricted=True)) as place:
            image = (await self.looker.look(place)).image
        free = free_space(str(Path(image.path).parent))
        missing = needs - image.allocated - free
        notes = [f"it cannot be filled: {missing >> 20} MiB more than are free"] if missing > 0 else []
        return {"image": to_plain(image), "free": free, "notes": notes}

    def roots(self, caller: Caller) -> Roots:
        """What `caller` may reach."""
        roots = self.looker.roots
        return Roots(roots, unrestricted=caller.role >= Role.ADMINISTRATOR, folder=roots[0] if roots else "")
