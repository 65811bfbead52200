"""Logical volumes of LVM: block devices in volume groups, named /dev/VG/LV."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VolumeKind(StrEnum):
    THICK = "thick"
    """It has all its space from the beginning."""
    THIN = "thin"
    """It takes space from its thin pool as it is written to."""


@dataclass(frozen=True, slots=True)
class Volume:
    """`size` is what a guest sees, `allocated` what it takes of its group or pool, in bytes.

    `pool` is the name of the thin pool of a thin one. `origin` is the name of the volume that it is a snapshot of, or
    "": a thin one needs it no more, a thick one does. `filled` is how much of it its data take, in percent; None where
    LVM does not tell. `making`: it is not whole yet.
    """

    group: str
    name: str
    kind: VolumeKind
    size: int
    allocated: int
    pool: str = ""
    origin: str = ""
    filled: float | None = None
    active: bool = True
    open: bool = False
    making: bool = False

    @property
    def path(self) -> str:
        return f"/dev/{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class ThinPool:
    """`size` in bytes, `promised` the sizes of its volumes together; `data` and `metadata` are how full it is, in
    percent. `zeroes`: what volumes take of it holds zeros first.
    """

    name: str
    size: int
    promised: int
    data: float
    metadata: float
    zeroes: bool = True

    @property
    def free(self) -> int:
        """Bytes."""
        return round(self.size * (100 - self.data) / 100)


@dataclass(frozen=True, slots=True)
class VolumeGroup:
    """`size`, `free` and `extent`, of which all sizes in it are multiples, in bytes. `problem` says why it cannot be
    used, or is "".
    """

    name: str
    size: int = 0
    free: int = 0
    extent: int = 0
    pools: tuple[ThinPool, ...] = ()
    problem: str = ""
