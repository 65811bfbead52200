"""An image with what it is based on, as one disk."""

from __future__ import annotations

from xenia.storage.guest.blocks import Blocks, RawBlocks, Unreadable, Window
from xenia.storage.guest.qcow2_blocks import Qcow2Blocks


def open_layers(descriptors: list[int], formats: list[str]) -> Blocks:
    """The disk that the layers open as `descriptors` make, the top first; `formats` has raw or qcow2 for each.

    Raises Unreadable.
    """
    disk: Blocks | None = None
    for descriptor, form in zip(reversed(descriptors), reversed(formats), strict=True):
        disk = Qcow2Blocks(descriptor, disk) if form == "qcow2" else RawBlocks(descriptor)
    if disk is None or disk.size < 1024:
        raise Unreadable("it is too small to hold anything")
    return Window(disk, 0, disk.size)
