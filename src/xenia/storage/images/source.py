"""An image of which another one is made: opened with all that it is based on, and locked against writers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xenia.lib.text import printable
from xenia.model.disk import Disk, DiskFormat, DiskMode
from xenia.model.errors import invalid
from xenia.storage.images.serve import Layer
from xenia.storage.inspect import Inspect
from xenia.storage.lock import lock
from xenia.storage.open import Storage
from xenia.storage.paths import Roots, find

READABLE = frozenset({"raw", "qcow2", "vmdk", "vpc", "vhdx", "vdi", "qcow", "qed"})
"""The formats of which another image can be made. QEMU's names."""


@asynccontextmanager
async def open_source(inspect: Inspect, path: str, form: str, roots: Roots) -> AsyncIterator[list[Layer]]:
    """The files of the image `path` of the format `form`, from the top down: what a guest that has it would see.

    Raises a conflict while somebody writes to one of them, invalid for content that does not lie in them, denied for a
    base elsewhere, and what opening a file raises.
    """
    if form in (DiskFormat.RAW, DiskFormat.QCOW2):
        storage = Storage(inspect)
        opened = await storage.open_disk(Disk("image", path, format=DiskFormat(form), mode=DiskMode.READ_ONLY), roots)
        try:
            yield [Layer(each.descriptor, each.format, each.block_device) for each in opened.layers]
        finally:
            storage.close(opened)
        return
    with find(path, roots) as place:
        descriptor = place.open(write=False)
        try:
            lock(descriptor, write=False, path=place.path)
            facts = await inspect("inspect_image", {}, [descriptor])
            if facts["format"] != form or facts["problem"] or facts["elsewhere"]:
                why = facts["problem"] or facts["elsewhere"] or f"it is {facts['format']}, and not {form}"
                raise invalid(f"'{printable(place.path)}' cannot be read: {why}")
            yield [Layer(descriptor, form, place.block_device)]
        finally:
            os.close(descriptor)
