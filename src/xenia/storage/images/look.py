"""What an image is: its header, what it is based on, what is in it. The worker reads it, whoever made it."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from xenia.lib.codec import from_plain
from xenia.lib.text import printable
from xenia.model.errors import XeniaError, invalid
from xenia.model.image import Image, ImageFolder, ImageList, Layout
from xenia.storage.images.walk import MOST, files_in, image_files
from xenia.storage.inspect import Inspect
from xenia.storage.lock import usage
from xenia.storage.open import DEPTH_LIMIT
from xenia.storage.paths import Place, Roots, find
from xenia.storage.qcow2 import Header, find_backing
from xenia.storage.volumes.device import real_path

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Seen:
    """An image that was looked at: `facts` are those of inspect_image, `protected` says that its mode lets nobody write
    to it, `used` how it is locked (storage.lock).
    """

    image: Image
    facts: dict[str, Any]
    used: str
    protected: bool


class Looker:
    """`leave_out` are folders below the roots that hold other things than images."""

    def __init__(self, inspect: Inspect, roots: tuple[str, ...], leave_out: tuple[str, ...] = ()) -> None:
        self.inspect = inspect
        self.roots = roots
        self._leave_out = leave_out

    async def all(self, also: Iterable[str] = (), beside: Iterable[str] = ()) -> ImageList:
        """All images below the roots, each with what it is based on and what is based on it; `also` those of these real
        paths, and what lies in the folders `beside`, wherever that is.
        """
        paths = await asyncio.to_thread(lambda: list(islice(image_files(self.roots, self._leave_out), MOST + 1)))
        others = await asyncio.to_thread(lambda: [*also, *files_in(beside)])
        wanted = dict.fromkeys((*paths[:MOST], *others))
        images = [image for path in wanted if (image := await self._candidate(path)) is not None]
        folders = tuple(ImageFolder(root, free_space(root)) for root in self.roots if Path(root).is_dir())
        return ImageList(_related(images), folders, partial=len(paths) > MOST)

    async def clones(self, real: str) -> tuple[str, ...]:
        """The paths of the images below the roots that are based on the image at `real`."""
        return next((image.clones for image in (await self.all()).images if image.path == real), ())

    async def _candidate(self, path: str) -> Image | None:
        """None for a file that cannot be an image."""
        try:
            with find(path, Roots(unrestricted=True)) as place:
                if place.real != path:
                    return None
                image = (await self.look(place)).image
        except XeniaError:
            return None
        return None if image.format == "raw" and (image.size < SECTOR or image.size % SECTOR) else image

    async def look(self, place: Place) -> Seen:
        """Raises invalid for what is neither a file nor a block device, and what opening it raises."""
        if not (place.block_device or stat.S_ISREG(place.mode)):
            raise invalid(f"'{printable(place.path)}' is neither a file nor a block device")
        descriptor = place.open(write=False)
        try:
            facts = await self.inspect("inspect_image", {}, [descriptor])
            used = usage(descriptor)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        backing = facts.get("backing")
        image = Image(
            place.real,
            facts["format"],
            facts["size"],
            facts["size"] if place.block_device else status.st_blocks * SECTOR,
            os.path.join(str(Path(place.real).parent), backing) if backing else "",
            _problem(facts),
        )
        protected = not place.block_device and not status.st_mode & 0o222
        return Seen(image, facts, used, protected)

    async def chain(self, seen: Seen, roots: Roots) -> tuple[Image, ...]:
        """What an image is based on, from the top down; the last one has a problem where it cannot be followed."""
        found: list[Image] = []
        met = {seen.image.path}
        while seen.facts.get("backing") and not seen.image.problem:
            name = seen.image.backing
            header = Header(seen.image.size, seen.facts["backing"], seen.facts["backing_format"])
            try:
                if len(found) == DEPTH_LIMIT:
                    raise invalid(f"there are more than {DEPTH_LIMIT} files in the chain")
                with find_backing(header, seen.image.path, seen.image.path, roots) as below:
                    seen = await self.look(below)
                if seen.image.path in met:
                    raise invalid("the backing files form a loop")
            except XeniaError as error:
                return (*found, Image(name, header.backing_format or "", 0, 0, problem=error.message))
            met.add(seen.image.path)
            if header.backing_format == "raw":
                seen = _as_raw(seen)
            found.append(seen.image)
        return tuple(found)

    async def layout(self, paths: Iterable[str], formats: list[str]) -> Layout:
        """What is in the image whose chain is `paths`, which were looked at before."""
        if any(form not in ("raw", "qcow2") for form in formats):
            return Layout(problem="only raw and qcow2 images are looked into")
        descriptors: list[int] = []
        try:
            for path in paths:
                with find(path, Roots(unrestricted=True)) as place:
                    if place.real != path:
                        return Layout(problem=f"'{path}' has just become another file")
                    descriptors.append(place.open(write=False))
            return from_plain(Layout, await self.inspect("read_layout", {"formats": formats}, descriptors))
        except XeniaError as error:
            return Layout(problem=error.message)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def free_space(path: str) -> int:
    """Bytes that are free for files in the folder `path`. Raises OSError."""
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def _as_raw(seen: Seen) -> Seen:
    """What the image above says is raw: whatever is in it, it is content."""
    size = Path(seen.image.path).stat().st_size or seen.image.size
    image = replace(seen.image, format="raw", size=size, backing="", problem="")
    return replace(seen, image=image, facts={"format": "raw", "size": size})


def _related(images: list[Image]) -> tuple[Image, ...]:
    """With their backing files by their real paths, and the clones of each."""
    based = [replace(image, backing=real_path(image.backing)) if image.backing else image for image in images]
    clones: dict[str, list[str]] = {}
    for image in based:
        if image.backing:
            clones.setdefault(image.backing, []).append(image.path)
    return tuple(replace(image, clones=tuple(clones.get(image.path, ()))) for image in based)


def _problem(facts: dict[str, Any]) -> str:
    if facts["problem"]:
        return str(facts["problem"])
    if facts.get("elsewhere"):
        return str(facts["elsewhere"])
    if facts.get("data_file"):
        return "it keeps its data in another file"
    if facts.get("encrypted"):
        return "it is encrypted"
    if facts.get("corrupt"):
        return "it is marked as damaged"
    if facts.get("unknown_features"):
        return "it uses features that are not known here"
    return ""
