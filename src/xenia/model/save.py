"""A save: a whole domain in a file, to be restored on this host or another."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from xenia.model.domain import Started


class Afterwards(StrEnum):
    """What becomes of a domain that has been saved."""

    END = "end"
    """It ends: it is in the file now."""
    RUN = "run"
    """It runs on, as if nothing had been."""
    PAUSE = "pause"
    """It stays, with its CPUs stopped."""


@dataclass(frozen=True, slots=True)
class DiskStamp:
    """By what it is seen that a disk has changed: `size` in bytes, `changed` when it was last written to, in
    nanoseconds since the epoch (0 for a block device, which does not tell), `inode` (0 likewise).
    """

    target: str
    path: str
    size: int
    changed: int = 0
    inode: int = 0
    writable: bool = True


@dataclass(frozen=True, slots=True)
class SaveInfo:
    """What a save says of itself. `saved_at` in seconds since the epoch; `host` and `boot` are where and in which boot
    of that host it was written. `traits` are what its engine needs to be the same (version, accelerator ...).
    """

    id: str
    saved_at: float
    host: str
    boot: str
    xenia: str
    started: Started
    disks: tuple[DiskStamp, ...] = ()
    traits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoodStill:
    """For how many `seconds` a domain stood still while it was saved, and `why` it did so until its memory was written;
    "" where it ran on meanwhile.
    """

    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """`file` is an absolute path."""

    file: str
    then: Afterwards = Afterwards.END


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """`file` is an absolute path. `paused`: the CPUs stay stopped. `changed`: also where a disk is not as it was."""

    file: str
    paused: bool = False
    changed: bool = False
