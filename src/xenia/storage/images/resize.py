"""Making an image larger, or smaller."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xenia.lib.text import printable
from xenia.model.errors import XeniaError, conflict, engine_failed, invalid, unavailable
from xenia.storage.images.pieces import write_pieces
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.inspect import Inspect
from xenia.storage.lock import lock
from xenia.storage.open import refuse_protected
from xenia.storage.paths import Place

_SECONDS = 600


async def grow(place: Place, form: str, size: int, qemu_img: QemuImg) -> None:
    """Make the raw or qcow2 image `place` as large as `size`, more than it has. It takes no more space by that.

    Raises invalid for a block device, denied for what is protected, a conflict where somebody has it open,
    engine_failed with qemu-img's words, and OSError.
    """
    with _opened(place, "larger") as descriptor:
        if form == "raw":
            _cut(descriptor, size)
            return
        with room_behind(descriptor):
            ended = await qemu_img.resize(descriptor, size, seconds=_SECONDS)
        if ended.code != 0:
            raise engine_failed(f"'{printable(place.path)}' cannot be made larger: {reason(ended.err)}")


async def shrink(place: Place, form: str, size: int, inspect: Inspect, qemu_img: QemuImg) -> bool:
    """Make the raw or qcow2 image `place`, based on nothing, as small as `size`; what lies behind is lost. Whether its
    GPT was moved, which is done before.

    Raises a conflict where it holds what ends behind that, or what does not tell where it ends, and as `grow`.
    """
    with _opened(place, "smaller") as descriptor:
        reader = place.open(write=False)
        try:
            found = await inspect("shrinking", {"formats": [form], "size": size}, [reader])
        finally:
            os.close(reader)
        if found["problem"] or found["least"] > size:
            raise _refused(place, found)
        pieces = [(at, base64.b64decode(content)) for at, content in found["pieces"]]
        if pieces:
            await write_pieces(descriptor, place, form, pieces, qemu_img)
        if form == "raw":
            _cut(descriptor, size)
            return bool(pieces)
        with room_behind(descriptor):  # it makes tables before it throws away what they lead to
            ended = await qemu_img.resize(descriptor, size, shrink=True, seconds=_SECONDS)
        if ended.code != 0:
            raise engine_failed(f"'{printable(place.path)}' cannot be made smaller: {reason(ended.err)}")
        return bool(pieces)


def _refused(place: Place, found: dict[str, Any]) -> XeniaError:
    shown = printable(place.path)
    if found["problem"]:
        return conflict(f"'{shown}' is not made smaller: {printable(found['problem'])}")
    return conflict(
        f"'{shown}' is not made smaller than {found['least']} bytes: {found['why']} reaches so far",
        "make that smaller first, from inside the guest, or with a guest that has this image as a second disk",
    )


@contextmanager
def _opened(place: Place, wish: str) -> Iterator[int]:
    if place.block_device:
        raise invalid(
            f"'{printable(place.path)}' is a block device, and no file", f"make its volume {wish} on the host"
        )
    refuse_protected(place)
    descriptor = place.open(write=True)
    try:
        lock(descriptor, write=True, path=place.path)
        yield descriptor
    except TimeoutError as error:
        raise unavailable(f"'{printable(place.path)}' could not be made {wish} within ten minutes") from error
    finally:
        os.close(descriptor)


def _cut(descriptor: int, size: int) -> None:
    os.ftruncate(descriptor, size)
    os.fsync(descriptor)
