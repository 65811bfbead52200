"""Clones: domains that begin as another one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """`name` is what the clone is to be called, or what the names of several begin with ("" for one that is made up);
    `count` how many there are to be. They begin as the domain is now, or as `snapshot` is; with `running` (or where the
    snapshot has it) with its memory, and run then. `full`: their disks stand alone.
    """

    name: str = ""
    count: int = 1
    snapshot: str = ""
    running: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone that was made: `file` is its guest file, `domid` its id where it runs."""

    name: str
    file: str
    domid: int | None = None
