"""What holds a domain back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
class Latencies:
    """How long requests of a disk took. `reads` and `writes` count those that took less than each of the `bounds`
    (seconds), and no less than the one before it; the last ones took longer than all bounds.
    """

    target: str
    bounds: tuple[float, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What weighs on a guest beside its counters. `emulation` says why QEMU itself executes its instructions; "" where
    a processor does. `swapped` is in MiB, `held_back` the seconds in which a limit on its CPU time has stopped it so
    far; None where that cannot be told. `latencies` are those of all its requests since they are counted. `pressure`
    has the seconds so far in which something of its own stood still for want of `cpu`, `memory` or `io`; empty where
    the engine has no control group for it. `unknown` are sentences on what this engine cannot tell.
    """

    emulation: str = ""
    emulated: tuple[Emulated, ...] = ()
    swapped: int | None = None
    held_back: float | None = None
    latencies: tuple[Latencies, ...] = ()
    pressure: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """`findings` by weight, seen over `seconds`; none where nothing holds the domain back. `latencies` are those of the
    requests in that time, where the engine tells them; `unknown` says what could not be looked at.
    """

    domain: str
    domid: int
    seconds: float
    findings: tuple[Finding, ...]
    latencies: tuple[Latencies, ...]
    unknown: tuple[str, ...]
