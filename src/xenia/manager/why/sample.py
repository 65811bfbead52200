"""Two looks at a domain, and what happened between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xenia.model.domain import Domain, DomainConfig
from xenia.model.stats import DiskStats, Stats
from xenia.model.vcpu import Vcpu
from xenia.model.why import Circumstances, Latencies


@dataclass(frozen=True, slots=True)
class Look:
    """`at` in seconds; `pressure` the seconds that something of the host has stood still for want of `cpu`, `memory`,
    `io` (empty where the kernel does not tell); `domains` by UUID, Domain-0 among them.
    """

    at: float
    domains: Mapping[str, tuple[Domain, Stats]]
    pressure: Mapping[str, float]
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class Load:
    """What a virtual CPU did: shares of the time."""

    number: int
    ran: float
    waited: float | None


@dataclass(frozen=True, slots=True)
class DiskLoad:
    """Requests and failures in the time, and seconds that one took on average (None where that is not told); `busy` is
    how many were under way on average.
    """

    target: str
    reads: int
    writes: int
    errors: int
    read_seconds: float | None
    write_seconds: float | None
    busy: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """`ready` has of each virtual CPU the share of looks in which it was not idle, where the engine only tells what it
    does at the moment; `host_cpus` is their number.
    """

    uuid: str
    config: DomainConfig
    before: Look
    after: Look
    host_cpus: int
    affinity: Sequence[Vcpu] = ()
    ready: Mapping[int, float] = field(default_factory=dict)

    @property
    def domain(self) -> Domain:
        return self.after.domains[self.uuid][0]

    @property
    def seconds(self) -> float:
        return max(1e-6, self.after.at - self.before.at)

    def loads(self) -> list[Load]:
        """Of each virtual CPU that was there at both looks."""
        earlier = {vcpu.number: vcpu for vcpu in self.before.domains[self.uuid][1].vcpus}
        found = []
        for vcpu in self.after.domains[self.uuid][1].vcpus:
            if vcpu.number in earlier:
                old = earlier[vcpu.number]
                ran = max(0.0, vcpu.cpu_time - old.cpu_time) / self.seconds
                waited = None
                if vcpu.wait is not None and old.wait is not None:
                    waited = max(0.0, vcpu.wait - old.wait) / self.seconds
                elif vcpu.number in self.ready:
                    waited = max(0.0, self.ready[vcpu.number] - ran)
                # Both are counted at slightly different moments; together they are no more than all the time.
                found.append(Load(vcpu.number, ran, None if waited is None else min(waited, max(0.0, 1 - ran))))
        return found

    def disks(self) -> list[DiskLoad]:
        earlier = {disk.target: disk for disk in self.before.domains[self.uuid][1].disks or ()}
        now = self.after.domains[self.uuid][1].disks or ()
        return [_disk_load(earlier[disk.target], disk, self.seconds) for disk in now if disk.target in earlier]

    def latencies(self) -> list[Latencies]:
        """Of the requests in the time, by disk; of one that was not counted before, of those since."""
        earlier = {each.target: each for each in self.before.circumstances.latencies}
        return [_latencies(earlier.get(each.target), each) for each in self.after.circumstances.latencies]

    def dropped(self) -> int:
        """Packets for the guest, or from it, that were dropped."""
        both = [look.domains[self.uuid][1].vifs for look in (self.before, self.after)]
        old, new = (sum(vif.rx_dropped + vif.tx_dropped for vif in vifs) for vifs in both)
        return max(0, new - old)

    def pressure(self, what: str) -> float | None:
        """The share of the time in which something of the host stood still for want of it."""
        return self._share(self.before.pressure, self.after.pressure, what)

    def own_pressure(self, what: str) -> float | None:
        """The share of the time in which something of the domain's own stood still for want of it."""
        return self._share(self.before.circumstances.pressure, self.after.circumstances.pressure, what)

    def _share(self, before: Mapping[str, float], after: Mapping[str, float], what: str) -> float | None:
        old, new = before.get(what), after.get(what)
        return None if old is None or new is None else max(0.0, new - old) / self.seconds

    def neighbours(self) -> list[tuple[Domain, float]]:
        """Other guests and the CPUs that each has used, the greediest first."""
        found = []
        for uuid, (domain, _) in self.after.domains.items():
            if domain.domid and uuid != self.uuid and uuid in self.before.domains:
                used = domain.cpu_time - self.before.domains[uuid][0].cpu_time
                found.append((domain, max(0.0, used) / self.seconds))
        return sorted(found, key=lambda pair: -pair[1])

    def requests_of_neighbours(self) -> list[tuple[Domain, float]]:
        """Other guests and their disk requests a second, the greediest first."""
        found = []
        for uuid, (domain, stats) in self.after.domains.items():
            if domain.domid and uuid != self.uuid and uuid in self.before.domains:
                count = _requests(stats) - _requests(self.before.domains[uuid][1])
                found.append((domain, max(0, count) / self.seconds))
        return sorted(found, key=lambda pair: -pair[1])


def _requests(stats: Stats) -> int:
    return sum(disk.reads + disk.writes for disk in stats.disks or ())


def _disk_load(old: DiskStats, new: DiskStats, seconds: float) -> DiskLoad:
    reads, writes = max(0, new.reads - old.reads), max(0, new.writes - old.writes)
    read_time, write_time = _passed(old.read_time, new.read_time), _passed(old.write_time, new.write_time)
    busy = None if read_time is None or write_time is None else (read_time + write_time) / seconds
    return DiskLoad(
        new.target,
        reads,
        writes,
        max(0, new.errors - old.errors),
        read_time / reads if read_time is not None and reads else None,
        write_time / writes if write_time is not None and writes else None,
        busy,
    )


def _latencies(old: Latencies | None, new: Latencies) -> Latencies:
    if old is None or old.bounds != new.bounds:
        return new
    reads, writes = (
        tuple(max(0, after - before) for before, after in zip(*bins, strict=True))
        for bins in ((old.reads, new.reads), (old.writes, new.writes))
    )
    return Latencies(new.target, new.bounds, reads, writes)


def _passed(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else max(0.0, new - old)
