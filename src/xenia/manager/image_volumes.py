"""Images that are volumes of LVM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from xenia.lib.text import printable
from xenia.model.caller import Caller, Role
from xenia.model.errors import denied, invalid
from xenia.model.image import Image, ImageFormat, ImageUser, NewImage
from xenia.model.volume import Volume, VolumeKind
from xenia.storage.images.convert import copy_content
from xenia.storage.images.create import check_size
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.images.serve import Layer
from xenia.storage.volumes.names import VolumeName, pool_in
from xenia.storage.volumes.volumes import AboutVolume, Volumes, notes_on, pool_of

Tell = Callable[[float], None]


def images_of(volumes: Iterable[Volume], users: Mapping[str, tuple[tuple[ImageUser, str], ...]]) -> Iterator[Image]:
    """Volumes as images. What is in them is not looked at: a format is what a guest file says."""
    volumes = tuple(volumes)
    for volume in volumes:
        ((_, form), *_) = users.get(volume.path) or ((None, "raw"),)
        problem = "it is being made" if volume.making else "" if volume.active else "it is not active"
        yield of_volume(
            Image(volume.path, form, volume.size, volume.allocated, problem=problem),
            AboutVolume.of(volume, volumes),
        )


def of_volume(image: Image, about: AboutVolume | None) -> Image:
    """An image with what LVM tells of it. A thick snapshot is based on its origin."""
    if about is None:
        return image
    volume = about.volume
    thick = volume.kind is VolumeKind.THICK
    backing = f"/dev/{volume.group}/{volume.origin}" if thick and volume.origin else image.backing
    clones = tuple(dict.fromkeys((*image.clones, *about.based)))
    return replace(image, allocated=volume.allocated, backing=backing, clones=clones, volume=volume)


def free_for(about: AboutVolume) -> int:
    """Bytes that are free where a volume lies."""
    volume, group = about.volume, about.group
    return pool_of(group, volume.pool).free if volume.kind is VolumeKind.THIN else group.free


async def create_volume(
    volumes: Volumes, name: VolumeName, wish: NewImage, caller: Caller, tell: Tell
) -> Sequence[str]:
    """Make the volume that is wished for; what is to be said of it. Raises invalid for a wish that no volume fulfils,
    denied for an operator who wants what others have left, and as Volumes.create.
    """
    if wish.backing:
        raise invalid("a volume is based on no other image", "xm disk clone IMAGE /dev/GROUP/VOLUME")
    refuse_format(wish.format)
    if wish.preallocate and wish.pool:
        raise invalid("a thin volume takes its space as it is written to", "leave --preallocate or --thin away")
    if wish.size is None:
        raise invalid("the new volume has no size", f"xm disk create {name.path} 10g")
    check_size(wish.size)
    refuse_unwiped(caller, wiped=wish.wiped)
    pool = pool_in(name.group, wish.pool) if wish.pool else ""
    return await volumes.create(name, wish.size, pool, tell, wiped=wish.wiped)


def refuse_format(form: ImageFormat | None) -> None:
    """Raises invalid for what is not put into volumes."""
    if form not in (None, ImageFormat.RAW):
        raise invalid(f"a volume holds a raw disk, and no {form} image", "leave --format away")


def refuse_pool(wish: NewImage) -> None:
    """Raises invalid for a file that is wanted in a thin pool."""
    if wish.pool:
        raise invalid(f"'{printable(wish.path)}' is no volume, which alone can be in a thin pool", "leave --thin away")


def refuse_unwiped(caller: Caller, *, wiped: bool) -> None:
    """Raises denied for an operator who wants a volume that is not wiped: others may have left something there."""
    if not wiped and caller.role < Role.ADMINISTRATOR:
        raise denied("only an administrator may have a volume that is not wiped", "leave --no-wipe away")


async def fill_volume(
    volumes: Volumes, name: VolumeName, pool: str, source: Sequence[Layer], qemu_img: QemuImg, tell: Tell
) -> list[str]:
    """Make a volume of what `source` holds, from the top down; what is to be said of it. Raises as Volumes.making and
    storage.images.convert.
    """
    pool = pool_in(name.group, pool) if pool else ""
    size, _ = await qemu_img.measure(source, ImageFormat.RAW)
    check_size(size)
    needed, _ = await qemu_img.measure(source, ImageFormat.QCOW2) if pool else (0, 0)
    begun = 0.0 if pool else 0.5
    async with volumes.making(name, size, pool, lambda done: tell(done * begun), needed) as descriptor:
        target = Layer(descriptor, ImageFormat.RAW, block_device=True, write=True)
        await copy_content(source, target, qemu_img, lambda done: tell(begun + done * (1 - begun)))
    found, group, _ = await volumes.find(name)
    notes = notes_on(pool_of(group, pool), group.name, 0) if pool else []
    if found.size > size:
        notes.append(f"the volume has {found.size} bytes, {found.size - size} more than the image")
    return notes
