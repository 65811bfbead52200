"""Snapshots of a domain: moments to which it can go back, and the layers of its disks in which they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.disk import DiskFormat
from xenia.model.domain import DomainConfig


class Moment(StrEnum):
    """In what state the disks of a snapshot are."""

    OFF = "off"
    """Its guest did not run."""
    CRASH = "crash"
    """As if its plug had been pulled: what the guest had not yet written out is missing."""
    FROZEN = "frozen"
    """Its agent had the guest write out all it had."""
    MEMORY = "memory"
    """What is missing on the disks is in the memory, which is in the snapshot, too."""


@dataclass(frozen=True, slots=True)
class Layer:
    """An image of the disk `target` to which nobody writes any more: `path` is the real one, `base` that of the layer
    below it, or "" for the image that the guest file has named, which is not ours to remove. By `size` (bytes of the
    file) and `changed` (when it was last written to, in nanoseconds since the epoch) it is seen that somebody did.
    """

    target: str
    path: str
    format: DiskFormat
    base: str = ""
    size: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Overlay:
    """The qcow2 image `path` to which the disk `target` writes in the place of the one that its guest file names, whose
    real path is `wanted`; `base` is the layer below it.
    """

    target: str
    wanted: str
    path: str
    base: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`id` is a word of eight hexadecimal digits; `name` is "" for one that was deleted, of which layers are still
    needed. `at` in seconds since the epoch; `parent` the id of the one before it, or "". `config` is what the domain
    was then, and `text` its guest file, where it had one. `memory` is the save, and `picture` the PNG with its screen,
    or "". `variables` are those of its UEFI, packed. `warm` is how many clones of it are to be held ready.
    """

    id: str
    name: str
    at: float
    config: DomainConfig
    parent: str = ""
    description: str = ""
    moment: Moment = Moment.OFF
    layers: tuple[Layer, ...] = ()
    text: str = ""
    memory: str = ""
    picture: str = ""
    paused: bool = False
    variables: str = ""
    warm: int = 0

    @property
    def deleted(self) -> bool:
        return not self.name

    @property
    def save_id(self) -> str:
        """The id of the save that has its memory."""
        return self.id * 4


class Step(StrEnum):
    """What was begun and not yet finished."""

    CREATE = "create"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class Pending:
    """A snapshot that is being made, or to which the domain is about to go back; `overlays` are what it is to write to
    then.
    """

    step: Step
    snapshot: Snapshot
    overlays: tuple[Overlay, ...]


@dataclass(frozen=True, slots=True)
class SnapshotTree:
    """All snapshots of the domain `uuid`, oldest first. `current` is the id of the one on which it is based now, or "";
    `overlays` are what its disks write to; `discarded` are files that nobody needs any more, and that may still be
    there.
    """

    uuid: str
    snapshots: tuple[Snapshot, ...] = ()
    current: str = ""
    overlays: tuple[Overlay, ...] = ()
    pending: Pending | None = None
    discarded: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.snapshots or self.overlays or self.pending or self.discarded)


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """`name` is "" for one that is made up. `memory`: with the memory of a guest that runs."""

    name: str = ""
    description: str = ""
    memory: bool = False


@dataclass(frozen=True, slots=True)
class Warm:
    """Clones of a snapshot that are held ready: how many are `wanted`, how many there are, and the `memory` that they
    take of the host, in bytes; `problem` says why there are too few, where that is not just for a moment.
    """

    wanted: int = 0
    ready: int = 0
    memory: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotShown:
    """A snapshot as it is told. `size` is what its layers and its memory take, in bytes; `children` are the names of
    those that are based on it; `current`: the domain is. `warm` tells of the clones that are held ready.
    """

    name: str
    id: str
    at: float
    parent: str
    description: str
    moment: Moment
    size: int
    current: bool
    children: tuple[str, ...]
    disks: tuple[str, ...]
    picture: bool
    warm: Warm = Warm()


@dataclass(frozen=True, slots=True)
class DiskDiff:
    """How many bytes of a disk were written between two moments, at most."""

    target: str
    written: int


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """In what two moments of a domain differ: on its disks, and in its guest file, as lines of a unified diff."""

    disks: tuple[DiskDiff, ...]
    lines: tuple[str, ...] = ()
