"""Where what a guest overwrites is kept while its disk is exported: an image without a name."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xenia.model.disk import Disk, DiskFormat
from xenia.model.image import ImageFormat
from xenia.storage.images.create import fill_in
from xenia.storage.new_file import NewFile
from xenia.storage.open import ImageLayer, OpenedDisk


@asynccontextmanager
async def fleecing_image(folder: Path, disk: Disk, size: int) -> AsyncIterator[OpenedDisk]:
    """An empty image of `size` bytes for what the guest overwrites of `disk`. It takes no space yet, and is gone when
    the last who has it open has closed it. Raises as images.create.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        file = NewFile(place)
    finally:
        os.close(place)
    try:
        await fill_in(file.descriptor, size, ImageFormat.QCOW2)
        layer = ImageLayer(str(folder), DiskFormat.QCOW2, file.descriptor, writable=True, size=size)
        yield OpenedDisk(disk, (layer,))
    finally:
        file.close()
