"""What is used now, as differences of two looks at what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.host import Host
from xenia.model.stats import Stats
from xenia.model.usage import Usage
from xenia.store.usage_series import PACE

_TOO_LONG = 3 * PACE
"""Two looks that are further apart say nothing of the moment."""

_OF_DISKS = ("read_bytes", "write_bytes", "reads", "writes")
_OF_VIFS = ("rx_bytes", "tx_bytes")


@dataclass(frozen=True, slots=True)
class Look:
    """What was counted at one moment of a clock that is never set back."""

    at: float
    domains: Mapping[str, tuple[Domain, Stats]]


def usages(look: Look, before: Look | None) -> dict[str, Usage]:
    """What all domains use, by UUID."""
    seconds = _seconds(look, before)
    earlier = before.domains if before is not None and seconds else {}
    return {uuid: _usage(now, earlier.get(uuid), seconds) for uuid, now in look.domains.items()}


def usage_of_host(used: Mapping[str, Usage], look: Look, before: Look | None, host: Host, accelerator: str) -> Usage:
    """All domains together. What guests work is in what Domain-0 works where QEMU emulates their CPUs."""
    counted = [uuid for uuid in look.domains if accelerator != "tcg" or uuid == DOMAIN_0_UUID]
    worked = [_worked(used[uuid], look.domains[uuid][0]) for uuid in counted]
    memory = float(host.total_memory - host.free_memory)
    if not _seconds(look, before):
        return Usage(memory=memory)
    guests = [each for uuid, each in used.items() if uuid != DOMAIN_0_UUID]
    rates = {name: _sum(getattr(each, name) for each in guests) for name in _OF_DISKS + _OF_VIFS}
    return Usage(min(100.0, _sum(worked) / max(1, host.cpus)), memory, **rates)


def _seconds(look: Look, before: Look | None) -> float:
    """Between the looks; 0 where they say nothing of the moment."""
    seconds = look.at - before.at if before is not None else 0.0
    return seconds if 0 < seconds <= _TOO_LONG else 0.0


def _usage(now: tuple[Domain, Stats], before: tuple[Domain, Stats] | None, seconds: float) -> Usage:
    (domain, stats), memory = now, float(now[0].memory)
    if before is None or before[0].domid != domain.domid:
        return Usage(memory=memory)
    if domain.uuid == DOMAIN_0_UUID:
        worked, cpus = domain.cpu_time - before[0].cpu_time, domain.vcpus
        return Usage(_percent(worked, cpus, seconds), memory)
    earlier, counted = before[1], {each.number: each for each in stats.vcpus}
    worked_by = _grown("cpu_time", counted, {each.number: each for each in earlier.vcpus})
    rates: dict[str, float | None] = {}
    if stats.disks is not None and earlier.disks is not None:
        disks, were = ({each.target: each for each in told} for told in (stats.disks, earlier.disks))
        rates |= {name: _rate(_grown(name, disks, were), seconds) for name in _OF_DISKS}
    if stats.vifs or not domain.vifs:  # else there are cards, and nobody counts them
        vifs, had = ({each.number: each for each in told} for told in (stats.vifs, earlier.vifs))
        rates |= {name: _rate(_grown(name, vifs, had), seconds) for name in _OF_VIFS}
    return Usage(_percent(worked_by, len(counted), seconds), memory, **rates)


def _grown(name: str, now: Mapping[Any, Any], before: Mapping[Any, Any]) -> float | None:
    """By how much a figure of all devices has. Of new ones nothing is known yet. None where one counts anew."""
    grown = [getattr(now[key], name) - getattr(before[key], name) for key in now.keys() & before.keys()]
    return None if any(each < 0 for each in grown) else float(sum(grown))


def _rate(grown: float | None, seconds: float) -> float | None:
    return None if grown is None else grown / seconds


def _percent(worked: float | None, cpus: int, seconds: float) -> float | None:
    if worked is None or worked < 0 or not cpus:
        return None
    return min(100.0, 100 * worked / seconds / cpus)


def _worked(usage: Usage, domain: Domain) -> float | None:
    """In percent of one CPU."""
    return None if usage.cpu is None else usage.cpu * domain.vcpus


def _sum(values: Iterable[float | None]) -> float:
    """Of those that are known."""
    return sum(each for each in values if each is not None)
