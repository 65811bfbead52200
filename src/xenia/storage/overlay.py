"""Overlays of a domain's disks: qcow2 images in which what is written since a snapshot lies.

They lie beside what they are based on, and are named after it. A block device has no place beside it: then they lie
in a folder for images.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.aio import to_end
from xenia.lib.rename import rename_new
from xenia.lib.text import printable
from xenia.model.disk import Disk, DiskFormat
from xenia.model.errors import XeniaError, engine_failed
from xenia.model.image import ImageFormat
from xenia.model.layers import Merge
from xenia.model.snapshot import Layer
from xenia.storage.images.convert import convert
from xenia.storage.images.create import Base, create
from xenia.storage.images.protect import protect, unprotect
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.images.serve import Layer as Served
from xenia.storage.images.source import open_source
from xenia.storage.inspect import Inspect
from xenia.storage.lock import lock
from xenia.storage.new_file import exists_already
from xenia.storage.open import ImageLayer, OpenedDisk
from xenia.storage.paths import Place, Roots, find
from xenia.storage.qcow2 import read_header

_OURS = re.compile(r"\.[0-9a-f]{8}\.qcow2$")
_ANYWHERE = Roots(unrestricted=True)
_REBASE_SECONDS = 60.0
_TABLES = 262144
"""Bytes of a qcow2 image that was not written to: its header, and the first of each kind of table, in 64 KiB each."""


@dataclass(frozen=True, slots=True)
class OverlayFiles:
    """`inspect` is the worker's; `folder` is for overlays of block devices."""

    inspect: Inspect
    qemu_img: QemuImg
    folder: str

    def folder_of(self, base: str) -> str:
        """Where images lie that are based on the image `base`, whose real path that is."""
        return self.folder if _is_device(base) else str(Path(base).parent)

    def place(self, base: str, identity: str) -> str:
        """The path of a new overlay of the image `base`, whose real path that is; `identity` is a word of eight
        hexadecimal digits.
        """
        name = f"{_OURS.sub('', Path(base).name).removesuffix('.qcow2')}.{identity}.qcow2"
        return str(Path(self.folder_of(base), name))

    async def make(self, base: str, form: DiskFormat, path: str) -> None:
        """Make an empty overlay of the image `base` at the `path` that `place` has told, durably. Raises as
        storage.images.create, and what finding and reading `base` raises.
        """
        with find(base, _ANYWHERE) as place:
            descriptor = place.open(write=False)
            try:
                size = os.lseek(descriptor, 0, os.SEEK_END)
                if form is DiskFormat.QCOW2:
                    size = (await read_header(self.inspect, descriptor, base)).size
            finally:
                os.close(descriptor)
        folder, name = os.path.split(path)
        below = Base(Path(base).name if folder == str(Path(base).parent) else base, form.value)
        with find(folder, _ANYWHERE) as there:
            await create(there, name, size, ImageFormat.QCOW2, base=below)

    async def copy(self, path: str, form: DiskFormat, target: str, below: Collection[str]) -> None:
        """Make the image `target`, in the format `form`, of all that is seen through the image `path`, which is based
        on those `below`. Raises as storage.images.convert, and a conflict while somebody writes to it.
        """
        folder, name = os.path.split(target)
        async with open_source(self.inspect, path, form, Roots(tuple(below), unrestricted=True)) as layers:
            with find(folder, _ANYWHERE) as there:
                await convert(layers, there, name, ImageFormat(form.value), self.qemu_img, lambda _: None)

    async def rename(self, path: str, new: str) -> None:
        """Give the image `path` the name `new` in the same folder, durably; a guest may have it open. Raises a conflict
        where there is such a file, OSError.
        """
        await to_end(_rename, path, new)

    def untouched(self, path: str) -> bool:
        """Whether nothing was written to an overlay since it was made: it has its tables alone."""
        return self.stamp(path)[0] in range(_TABLES + 1)

    async def remove(self, path: str) -> None:
        """Silent when there is none. Raises OSError."""
        Path(path).unlink(missing_ok=True)

    async def protect(self, path: str) -> None:
        """Mark an image as one that others are based on. Raises OSError."""
        protect(path)

    async def unprotect(self, path: str) -> None:
        """Take that mark away. Raises OSError."""
        unprotect(path)

    def stamp(self, path: str) -> tuple[int, int]:
        """By what it is seen that an image was written to: `size` and `changed` of a layer; -1 and 0 where there is
        none. A block device does not tell when.
        """
        try:
            with find(path, _ANYWHERE) as place:
                status = os.fstat(place.descriptor)
        except XeniaError:
            return -1, 0
        return (0, 0) if place.block_device else (status.st_size, status.st_mtime_ns)

    def allocated(self, path: str) -> int:
        """Bytes that an image takes on the host; 0 where there is none."""
        try:
            return Path(path).stat().st_blocks * 512
        except OSError:
            return 0

    @contextmanager
    def opened(self, disk: Disk) -> Iterator[OpenedDisk]:
        """The overlay that `disk` is, for a guest that has what is below it already: opened, and locked for writing.
        Raises what finding, opening and locking raise.
        """
        with find(disk.path, _ANYWHERE) as place, _held(place, write=True) as descriptor:
            yield OpenedDisk(disk, (ImageLayer(place.real, DiskFormat.QCOW2, descriptor, True, 0),))

    async def merge(self, wanted: Merge, lower: DiskFormat, tell: Callable[[float], None]) -> None:
        """Put what `wanted.upper` has into `wanted.lower`, while no guest has either; that may be done again. Raises a
        conflict where one is in use, engine_failed.
        """
        with ExitStack() as held:
            layers: list[Served] = []
            for path, form in ((wanted.upper, DiskFormat.QCOW2), (wanted.lower, lower)):
                place = held.enter_context(find(path, _ANYWHERE))
                descriptor = held.enter_context(_held(place, write=True))
                layers.append(Served(descriptor, form.value, place.block_device, write=True))
            upper, below = layers
            more = 0 if lower is DiskFormat.RAW else os.fstat(upper.descriptor).st_size
            with room_behind(below.descriptor, more) if more else nullcontext():
                await self.qemu_img.commit(upper, below, tell)
            await to_end(os.fsync, below.descriptor)

    async def rebase(self, path: str, layer: Layer) -> None:
        """Write into the header of the image `path` that it is based on `layer`, which says the same as what it was
        based on. Raises engine_failed, OSError.
        """
        here = str(Path(path).parent)
        name = Path(layer.path).name if here == str(Path(layer.path).parent) else layer.path
        with find(path, _ANYWHERE) as place, _held(place, write=True) as descriptor:
            ended = await self.qemu_img.rebase(descriptor, name, layer.format.value, seconds=_REBASE_SECONDS)
        if ended.code != 0:
            raise engine_failed(f"'{printable(path)}' cannot be put upon another: {reason(ended.err)}")


def _rename(path: str, new: str) -> None:
    folder = os.open(Path(path).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rename_new(Path(path).name, Path(new).name, folder)
        os.fsync(folder)
    except FileExistsError as error:
        raise exists_already(new) from error
    finally:
        os.close(folder)


def _is_device(path: str) -> bool:
    try:
        return stat.S_ISBLK(Path(path).stat().st_mode)
    except OSError:
        return False


@contextmanager
def _held(place: Place, *, write: bool) -> Iterator[int]:
    descriptor = place.open(write=write)
    try:
        lock(descriptor, write=write, path=place.path)
        yield descriptor
    finally:
        os.close(descriptor)
