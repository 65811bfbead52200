"""What holds a domain back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`weight` is, roughly, the percent of what the domain could do that this takes: 100 is all. `command` changes it;
    empty where none of ours does.
    """

    weight: int
    message: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Emulated:
    """A device that imitates a real one where one made for guests would be quicker: `target` of a disk, or number of a
    card.
    """

    name: str
    what: str
    disk: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an engine knows of a guest that is not counted. `emulation` says why QEMU itself executes its instructions;
    "" where a processor does. `swapped` is in MiB, `held_back` the seconds in which a limit on its CPU time has stopped
    it so far; None where that cannot be told. `unknown` are sentences on what this engine cannot tell.
    """

    emulation: str = ""
    emulated: tuple[Emulated, ...] = ()
    swapped: int | None = None
    held_back: float | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """`findings` by weight, seen over `seconds`; none where nothing holds the domain back. `unknown` says what could
    not be looked at.
    """

    domain: str
    domid: int
    seconds: float
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]
