"""Images: what there are, who uses them, and what is done to them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.lib.codec import to_plain
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.image_users import ImageUsers, with_users
from xenia.manager.image_volumes import create_volume, free_for, images_of, of_volume, refuse_pool
from xenia.manager.jobs import Jobs
from xenia.manager.live_images import LiveImages
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, conflict, denied, invalid
from xenia.model.image import Image, ImageFormat, ImageInfo, ImageList, ImageUser, NewImage
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, Operation, require
from xenia.storage.images.create import Base, check_size, create
from xenia.storage.images.look import Looker, Seen, free_space
from xenia.storage.images.place import folder_for
from xenia.storage.images.protect import protect
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.paths import Roots, find
from xenia.storage.volumes.volumes import Volumes

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
    volumes: Volumes

    async def list(self, caller: Caller) -> ImageList:
        """What lies below the roots and in the volume groups, with who uses it."""
        require(caller.role, IMAGE_OPERATIONS["disk list"])
        found = await self.looker.all()
        groups, volumes = await self.volumes.all()
        users = await self.users.now()
        return replace(found, images=with_users([*found.images, *images_of(volumes, users)], users), groups=groups)

    async def info(self, path: str, caller: Caller) -> ImageInfo:
        """All about one image. Raises not_found, denied, and invalid for what is no image."""
        require(caller.role, IMAGE_OPERATIONS["disk info"])
        roots = self.roots(caller)
        seen, notes = await self.look(path, roots)
        chain = await self.looker.chain(seen, roots)
        about = await self.volumes.about(seen.image.path)
        image = of_volume(await self.known(seen.image), about)
        whole = not any(each.problem for each in (seen.image, *chain))
        layers = (seen.image, *chain) if whole else (seen.image,)
        return ImageInfo(
            image,
            chain,
            await self.looker.layout([each.path for each in layers], [each.format for each in layers]),
            seen.used,
            seen.protected,
            free_for(about) if about is not None else free_space(str(Path(image.path).parent)),
            (*notes, *await self.volumes.warnings(image.path)),
            about.group if about is not None else None,
            about.snapshots if about is not None else (),
        )

    async def look(self, path: str, roots: Roots) -> tuple[Seen, tuple[str, ...]]:
        """An image in the format that it has, and what is to be known of that: what a guest file has as a raw disk is
        one, whatever its guest has written to its beginning.
        """
        try:
            place = find(path, roots)
        except XeniaError as error:
            if error.kind is ErrorKind.NOT_FOUND and (volume := self.volumes.named(path)) is not None:
                await self.volumes.require_active(volume)
            raise
        with place:
            volume = self.volumes.named(path)
            if volume is not None and volume.path != place.real:
                await self.volumes.find(volume)
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
        volume = self.volumes.named(wish.path)
        is_wiped = volume is not None and wish.wiped and not wish.pool

        async def work() -> dict[str, Any]:
            if volume is not None:
                step(f"makes the volume {volume.path}")
                notes = await create_volume(
                    self.volumes, volume, wish, caller, lambda done: self.jobs.progress(job.id, done)
                )
                return await self.told(volume.path, notes=notes)
            refuse_pool(wish)
            with folder_for(wish.path, roots) as (folder, name):
                base, based_on = await self._base(wish, folder.real, roots) if wish.backing else (None, None)
                size = wish.size or (based_on.size if based_on is not None else None)
                if size is None:
                    raise invalid("the new image has no size", "xm disk create web.img 10g")
                check_size(size)
                form = wish.chosen_format
                step(f"makes {Path(folder.path, name)}: {form}, {size} bytes")
                await create(folder, name, size, form, base=base, preallocate=wish.preallocate)
                if based_on is not None:
                    protect(based_on.path)
                return await self.told(str(Path(folder.path, name)), size)

        job = self.jobs.start(operation.name, wish.path, caller, work, cancellable=is_wiped)
        return job

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

    async def told(self, path: str, needs: int = 0, notes: Sequence[str] = ()) -> dict[str, Any]:
        """What a job tells of the image at `path`, which a guest may come to fill with `needs` bytes."""
        with find(path, Roots(unrestricted=True)) as place:
            image = (await self.looker.look(place)).image
        if (about := await self.volumes.about(image.path)) is not None:
            return {"image": to_plain(of_volume(image, about)), "free": free_for(about), "notes": [*notes]}
        free = free_space(str(Path(image.path).parent))
        missing = needs - image.allocated - free
        said = [f"it cannot be filled: {missing >> 20} MiB more than are free"] if missing > 0 else []
        return {"image": to_plain(image), "free": free, "notes": [*notes, *said]}

    def roots(self, caller: Caller) -> Roots:
        """What `caller` may reach."""
        roots = self.looker.roots
        unrestricted = caller.role >= Role.ADMINISTRATOR
        return Roots((*roots, *self.volumes.folders), unrestricted, folder=roots[0] if roots else "")
