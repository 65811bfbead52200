"""What is remembered of a save that xend keeps itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seal:
    """By what it is known again, in a place that only xend writes to: `digest` (SHA-256, hexadecimal) is that of its
    checksums, its metadata and its trailer, so nobody else can have made it. `inode` and `changed` (nanoseconds since
    the epoch, st_mtime) tell whether anybody has written to its file since.
    """

    digest: str
    inode: int
    changed: int
