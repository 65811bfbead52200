"""xend-config.sxp, read in the worker: the function that xend calls there."""

from __future__ import annotations

from typing import Any

from xenia.lib.codec import to_plain
from xenia.sxp.read import read


def read_old_config(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """`{text, file}` → the OldConfig as plain data. Takes no descriptors."""
    del descriptors
    plain: dict[str, Any] = to_plain(read(arguments["text"], arguments["file"]))
    return plain
