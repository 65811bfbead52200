"""Making an image, be it a file or a volume, of what others hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xenia.lib.steps import step
from xenia.manager.image_volumes import fill_volume, refuse_format, refuse_pool
from xenia.manager.images import Images
from xenia.model.image import NewImage
from xenia.storage.images.convert import convert
from xenia.storage.images.place import folder_for
from xenia.storage.images.serve import Layer
from xenia.storage.paths import Roots


async def fill(
    images: Images,
    source: Sequence[Layer],
    wish: NewImage,
    roots: Roots,
    tell: Callable[[float], None],
) -> dict[str, Any]:
    """Make the image that is wished for, of what `source` holds, from the top down, whatever its size. The result is
    that of Images.create. Raises as storage.images.convert, or image_volumes.fill_volume.
    """
    volume = images.volumes.named(wish.path)
    if volume is not None:
        refuse_format(wish.format)
        step(f"writes {source[0].format} to the volume {volume.path}")
        notes = await fill_volume(images.volumes, volume, wish.pool, source, images.qemu_img, tell)
        return await images.told(volume.path, notes=notes)
    refuse_pool(wish)
    with folder_for(wish.path, roots) as (folder, name):
        step(f"writes {Path(folder.path, name)}: {wish.chosen_format}, from {source[0].format}")
        await convert(source, folder, name, wish.chosen_format, images.qemu_img, tell)
        return await images.told(str(Path(folder.path, name)))
