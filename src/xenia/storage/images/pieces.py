"""Bytes that are written into an image, at their places."""

from __future__ import annotations

import os
from collections.abc import Sequence

from xenia.lib.aio import to_end
from xenia.lib.text import printable
from xenia.model.errors import engine_failed
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.images.room import room_behind
from xenia.storage.images.serve import Layer
from xenia.storage.paths import Place

Piece = tuple[int, bytes]
"""Where it begins, and what is there."""


async def write_pieces(descriptor: int, place: Place, form: str, pieces: Sequence[Piece], qemu_img: QemuImg) -> None:
    """Have `pieces` be in the raw or qcow2 image open as `descriptor`, each on the disk before the next. Raises
    engine_failed, OSError.
    """
    if form == "raw":
        await to_end(_write, descriptor, pieces)
        return
    with room_behind(descriptor):
        ended = await qemu_img.write(Layer(descriptor, form, place.block_device, write=True), pieces)
    if ended.code != 0:
        raise engine_failed(f"'{printable(place.path)}' cannot be written to: {reason(ended.err or ended.out)}")


def _write(descriptor: int, pieces: Sequence[Piece]) -> None:
    for position, content in pieces:
        if os.pwrite(descriptor, content, position) != len(content):
            raise OSError(0, "the image takes no more")
        os.fsync(descriptor)
