"""Making an image larger."""

from __future__ import annotations

import os

from xenia.lib.text import printable
from xenia.model.errors import engine_failed, invalid, unavailable
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.lock import lock
from xenia.storage.open import refuse_protected
from xenia.storage.paths import Place

_SECONDS = 600


async def grow(place: Place, form: str, size: int, qemu_img: QemuImg) -> None:
    """Make the raw or qcow2 image `place` as large as `size`, more than it has. It takes no more space by that.

    Raises invalid for a block device, denied for what is protected, a conflict where somebody has it open,
    engine_failed with qemu-img's words, and OSError.
    """
    if place.block_device:
        raise invalid(
            f"'{printable(place.path)}' is a block device, and no file",
            "make its volume larger on the host",
        )
    refuse_protected(place)
    descriptor = place.open(write=True)
    try:
        lock(descriptor, write=True, path=place.path)
        if form == "raw":
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
            return
        with room_behind(descriptor):
            ended = await qemu_img.resize(descriptor, size, seconds=_SECONDS)
        if ended.code != 0:
            raise engine_failed(f"'{printable(place.path)}' cannot be made larger: {reason(ended.err)}")
    except TimeoutError as error:
        raise unavailable(f"'{printable(place.path)}' could not be made larger within ten minutes") from error
    finally:
        os.close(descriptor)
