"""How the host's CPU time is shared out between domains."""

from __future__ import annotations

from dataclasses import dataclass

WEIGHTS = range(1, 65536)
"""As Xen's schedulers take them (xl(1), sched-credit)."""

USUAL_WEIGHT = 256

CGROUP = "cgroup"
"""The name of the scheduler where guests are processes: control groups of Linux."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a domain gets. `scheduler` is credit, credit2, or CGROUP; `weight` counts against the other domains; `cap`
    is the most CPU time in percent of one CPU, 0 for no limit.
    """

    scheduler: str
    weight: int = USUAL_WEIGHT
    cap: int = 0


def most_cap(vcpus: int) -> int:
    """The highest cap that a domain with so many virtual CPUs can have."""
    return 100 * vcpus
