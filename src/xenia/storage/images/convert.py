"""Making an image that holds what another one does: in another format, and without a base."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from xenia.lib.aio import to_end
from xenia.model.errors import invalid, unavailable
from xenia.model.image import ImageFormat
from xenia.storage.images.create import check_size, fill_in, new_file, require_room
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.images.serve import Layer
from xenia.storage.new_file import exists_already
from xenia.storage.paths import Place


async def convert(
    source: Sequence[Layer],
    folder: Place,
    name: str,
    form: ImageFormat,
    qemu_img: QemuImg,
    tell: Callable[[float], None],
) -> None:
    """Make the image `name` in `folder`, in the format `form`, of the content of `source`, holes left as holes; whole
    or not at all. `tell` is told how far it is.

    Raises invalid for a source that cannot be read, a conflict where such a file is there, unavailable where it does
    not fit, and OSError.
    """
    size, _ = await qemu_img.measure(source, ImageFormat.RAW)
    check_size(size)
    needed, most = await qemu_img.measure(source, ImageFormat.QCOW2)
    require_room(folder, needed, "the new image")
    new = new_file(folder)
    try:
        await fill_in(new.descriptor, size, form)
        with nullcontext() if form is ImageFormat.RAW else room_behind(new.descriptor, most):
            await copy_content(source, Layer(new.descriptor, form, write=True), qemu_img, tell)
        await to_end(new.keep_durably, name)
    except FileExistsError as error:
        raise exists_already(Path(folder.path, name)) from error
    finally:
        new.close()


async def copy_content(
    source: Sequence[Layer], target: Layer, qemu_img: QemuImg, tell: Callable[[float], None]
) -> None:
    """Have what `source` holds be in `target`, which is empty and no smaller; raises as `convert`."""
    ended = await qemu_img.convert(source, target, tell)
    if ended.code != 0 and os.strerror(errno.ENOSPC) in ended.err:
        raise unavailable("there is no space left for the new image", "free some space and try again")
    if ended.code != 0:
        raise invalid(f"the image cannot be converted: {reason(ended.err)}")
