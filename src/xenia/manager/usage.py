"""What domains and the host use, looked at at a fixed pace and kept."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xenia.lib.aio import Tasks
from xenia.manager.inventory import Inventory
from xenia.manager.stats import StatsReader
from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.errors import XeniaError
from xenia.model.host import EngineReport, Host
from xenia.model.stats import Stats
from xenia.model.usage import Usage, UsageHistory
from xenia.store.records import Records
from xenia.store.usage import HOST, UsageStore
from xenia.store.usage_series import TIERS

log = logging.getLogger(__name__)

PACE = TIERS[0].step
"""Seconds between two looks."""

_TURNS = 90
"""Looks in which all is written once: a quarter of an hour. A little of it is written after each."""

_TOO_LONG = 3 * PACE
"""Two looks that are further apart say nothing of the moment."""

_OF_DISKS = ("read_bytes", "write_bytes", "reads", "writes")
_OF_VIFS = ("rx_bytes", "tx_bytes")


@dataclass(frozen=True, slots=True)
class Look:
    """What was counted at one moment of a clock that is never set back."""

    at: float
    domains: Mapping[str, tuple[Domain, Stats]]


@dataclass(frozen=True, slots=True)
class UsageKeeper:
    """`clock` gives seconds since the epoch."""

    stats: StatsReader
    inventory: Inventory
    host: Callable[[], Awaitable[Host]]
    engine_report: Callable[[], EngineReport]
    records: Records
    store: UsageStore
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]

    async def of_domain(self, ref: str, hours: int) -> UsageHistory:
        """What a domain has used in the last `hours`. Raises as `Inventory.find`."""
        domain = await self.inventory.look_up(ref)
        return await self.store.history(self.uuid_of(domain), hours, self.clock())

    async def of_host(self, hours: int) -> UsageHistory:
        """The same of the host. Disks and cards are those of all domains together."""
        return await self.store.history(HOST, hours, self.clock())

    def uuid_of(self, domain: Domain) -> str:
        """That of one that does not run is remembered; "" where it has never run."""
        record = None if domain.uuid else self.records.by_name(domain.name)
        return domain.uuid if record is None else record.uuid


class UsageSampler:
    """`start` once; `close` keeps what there is."""

    def __init__(self, keeper: UsageKeeper) -> None:
        self._keeper = keeper
        self._store = keeper.store
        self._tasks = Tasks()
        self._before: Look | None = None
        self._turn = 0
        self._strangers: frozenset[str] = frozenset()
        """Whom no domain was called by when it was last looked."""
        self._failing = False

    def start(self) -> None:
        self._tasks.start(self._run(), name="history of what domains use")

    async def close(self) -> None:
        await self._tasks.close()
        await self._save(self._store.in_memory)

    async def _run(self) -> None:
        while True:
            await self._keeper.sleep(PACE - self._keeper.clock() % PACE)
            try:
                await self.look()
            except XeniaError as error:
                log.debug("what domains use is not known now: %s", error)
            except OSError as error:
                log.error("what domains have used is not in order: %s", error)

    async def look(self) -> None:
        """Look once, and keep what was used since the last look. Raises XeniaError where the engine does not answer,
        and what `sweep` raises.
        """
        counted = await self._keeper.stats.all()
        host = await self._keeper.host()
        look, before = Look(counted.at, {each[0].uuid: each for each in counted.domains}), self._before
        self._before = look
        used = usages(look, before)
        number = round(self._keeper.clock() / PACE) - 1  # what has just ended
        for uuid, usage in used.items():
            await self._store.put(uuid, number, usage)
        whole = usage_of_host(used, look, before, host, self._keeper.engine_report().accelerator)
        await self._store.put(HOST, number, whole)
        await self._write(used.keys() | {HOST})

    async def _write(self, present: Iterable[str]) -> None:
        present = frozenset(present)
        in_memory = self._store.in_memory
        gone = [key for key in in_memory if key not in present]
        await self._save([*gone, *in_memory[self._turn :: _TURNS]])
        if not self._failing:
            self._store.let_go(gone)
        self._turn = (self._turn + 1) % _TURNS
        if self._turn == 0:
            await self.sweep()

    async def _save(self, keys: Iterable[str]) -> None:
        try:
            await self._store.save(keys)
            self._failing = False
        except OSError as error:
            if not self._failing:
                log.error("what domains have used cannot be written: %s", error)
            self._failing = True

    async def sweep(self) -> None:
        """Forget domains that there were neither now nor at the last sweep: an editor may have their guest files in
        hand. As long as a guest file cannot be read, nobody knows whose it is. Raises OSError.
        """
        written = await self._store.written()
        domains = self._keeper.inventory.all(everything=True)
        known = {HOST, *map(self._keeper.uuid_of, domains)}
        strangers = written - known if not any(each.problem for each in domains) else frozenset()
        for key in strangers & self._strangers:
            await self._store.forget(key)
        self._strangers = strangers


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
