"""What a save says of itself. Runs in the worker, for it may be a stranger's."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from typing import Any

from xenia.storage.save.layout import TRAILER_SIZE, Layout, Unreadable, read_trailer

_METADATA_LIMIT = 8 << 20
_CHECKSUM_LIMIT = 64 << 20
"""Of a memory of 32 TiB."""
_PIECE = 1 << 20


def inspect_save(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Of the save that is open as the first descriptor: `layout` (the members of layout.Layout) and `info` (a SaveInfo
    as plain data, whose form is not looked at here), checksums and metadata checked, and `digest` (model.seal); or
    `problem`, why it has none.
    """
    del arguments
    try:
        layout = layout_of(descriptors[0])
        info, digest = _metadata(descriptors[0], layout)
    except (Unreadable, OSError) as error:
        return {"problem": str(error)}
    members = {name: getattr(layout, name) for name in ("id", "memory", "state", "metadata", "tail")}
    return {"layout": members, "info": info, "digest": digest, "problem": None}


def layout_of(descriptor: int) -> Layout:
    """Raises Unreadable, OSError."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return read_trailer(os.pread(descriptor, TRAILER_SIZE, max(0, size - TRAILER_SIZE)), size)


def _metadata(descriptor: int, layout: Layout) -> tuple[Any, str]:
    """With the digest of all that is not memory or state."""
    if layout.metadata > _METADATA_LIMIT or layout.checksums > _CHECKSUM_LIMIT:
        raise Unreadable("it says that it is larger than any save")
    tail, at, total = 0, layout.checksums_at, hashlib.sha256()
    while at < layout.metadata_at:
        piece = os.pread(descriptor, min(_PIECE, layout.metadata_at - at), at)
        if not piece:
            raise Unreadable("it grows shorter while it is read")
        tail, at = zlib.crc32(piece, tail), at + len(piece)
        total.update(piece)
    content = os.pread(descriptor, layout.metadata, at)
    if zlib.crc32(content, tail) != layout.tail:
        raise Unreadable("its checksums or its metadata are damaged")
    try:
        info = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable("its metadata are no JSON") from None
    total.update(content + layout.trailer())
    return info, total.hexdigest()
