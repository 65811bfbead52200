"""Dirty bitmaps: which blocks of a disk were changed since a moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xenia.lib.text import printable
from xenia.model.errors import XeniaError, conflict, invalid, not_found

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Bitmap:
    """What was changed of the disk `target` since the bitmap `name` was made: `changed` bytes, in blocks of
    `granularity` bytes. `problem` says why that is not known; "" where it is.
    """

    target: str
    name: str
    changed: int
    granularity: int
    problem: str = ""


def check_name(name: str) -> None:
    """Raises invalid for what can be the name of no bitmap."""
    if _NAME.fullmatch(name) is None:
        raise invalid(
            f"'{printable(name)[:100]}' is no name of a bitmap: letters, digits and . _ - are, at most 64 of them",
            "a new name for each backup: its date, say",
        )


def require_usable(bitmap: Bitmap) -> None:
    """Raises a conflict for one that does not tell what was changed."""
    if bitmap.problem:
        raise conflict(
            f"the bitmap '{bitmap.name}' of {bitmap.target} cannot be used: {bitmap.problem}",
            "delete it, and make a new one and a full backup",
        )


def no_bitmap(target: str, name: str) -> XeniaError:
    return not_found(
        f"{target} has no bitmap '{printable(name)[:100]}'",
        "snapshots and moves end bitmaps, and so does a crash of the host: make a new one and a full backup",
    )
