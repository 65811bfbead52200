"""Images of a disk that lie upon each other: what is written goes to the topmost, the overlay."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merge:
    """What the image `upper` of the disk `target` has is put into `lower`, on which it is based. Both are absolute
    paths; `name` is what images in the folder of `upper` call `lower` in their headers. `above` is what the guest has
    upon `upper`, or "" where it writes to that: its header says `name` then.
    """

    target: str
    upper: str
    lower: str
    name: str
    above: str = ""
