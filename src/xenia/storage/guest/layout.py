"""The worker's call: which partitions there are in an image, and what they hold."""

from __future__ import annotations

from typing import Any

from xenia.storage.guest.blocks import Blocks, Unreadable, Window
from xenia.storage.guest.ext import is_ext
from xenia.storage.guest.layers import open_layers
from xenia.storage.guest.partitions import read_partitions, table_name
from xenia.storage.guest.signatures import name_content


def read_layout(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Look into the image whose layers are open as the descriptors, the top first; `arguments` has `formats`, raw or
    qcow2 for each.

    The result has the members of model.image.Layout, with `problem` where the image cannot be read.
    """
    try:
        disk = open_layers(descriptors, arguments["formats"])
        places = sorted(read_partitions(disk), key=lambda one: one.number)
        partitions = [
            {
                "number": one.number,
                "start": one.start,
                "size": one.size,
                "content": _content(Window(disk, one.start, one.size)),
                "active": one.active,
            }
            for one in places
            if one.number
        ]
        table = table_name(disk)
        content = "" if partitions or table else _content(disk)
        return {"table": table, "partitions": partitions, "content": content, "problem": ""}
    except Unreadable as error:
        return {"table": "", "partitions": [], "content": "", "problem": error.message[:4000]}


def _content(place: Blocks) -> str:
    return "ext2, ext3 or ext4" if is_ext(place) else name_content(place) or ""
