"""The virtual CPUs of a domain that runs, and the host's CPUs that they may run on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from xenia.model.errors import XeniaError, invalid, not_found

_PART = re.compile(r"(\^?)(?:(\d{1,5})(?:-(\d{1,5}))?|(all))", re.ASCII)


class VcpuState(StrEnum):
    RUNNING = "running"
    BLOCKED = "blocked"
    """It waits for something to do."""
    READY = "ready"
    """It could run, and waits for its turn, or its domain is paused."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Vcpu:
    """`cpu` is the host's CPU on which it ran last, None where it is offline; `cpus` those on which it may run, None
    for all; `cpu_time` is in seconds. `soft` are those on which it would rather run, None where it has no choice of its
    own.
    """

    number: int
    state: VcpuState
    cpu: int | None
    cpu_time: float
    cpus: tuple[int, ...] | None = None
    soft: tuple[int, ...] | None = None


def read_cpus(text: str, count: int) -> tuple[int, ...] | None:
    """The CPUs that `text` names, of a host with `count`: `all` (None), `3`, `0-3`, `0-7,^1`.

    Raises invalid for what names none, or one that the host does not have.
    """
    chosen: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise invalid(f"'{text}' names no CPUs", "name them as 2, 0-3, or 0-7,^1; or all of them: all")
        first = 0 if match[4] else int(match[2])
        last = count - 1 if match[4] else int(match[3] or match[2])
        if last >= count or first > last:
            raise invalid(f"'{part.strip()}' names CPUs that this host does not have: it has 0 to {count - 1}")
        named = range(first, last + 1)
        chosen = chosen.difference(named) if match[1] else chosen.union(named)
    if not chosen:
        raise invalid(f"'{text}' leaves no CPU to run on", "name at least one")
    return None if len(chosen) == count else tuple(sorted(chosen))


def no_such_vcpu(domain: str, number: int, count: int) -> XeniaError:
    return not_found(
        f"domain '{domain}' has no virtual CPU {number}: it has {f'0 to {count - 1}' if count > 1 else 'only 0'}",
        f"xm vcpu-list {domain}",
    )


def said(cpus: Iterable[int]) -> str:
    """CPUs as `read_cpus` takes them: `0-2,5`."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and runs[-1][-1] == cpu - 1:
            runs[-1].append(cpu)
        else:
            runs.append([cpu])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
