"""What keeps a domain from its disks and cards."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.manager.why.latency import how_long, slow
from xenia.manager.why.sample import DiskLoad, Sample
from xenia.manager.why.weight import weighed
from xenia.model.why import Emulated, Finding, Latencies

_BUSY = 0.3
"""Requests under way, on average over the time, from which on a guest is said to wait for its disk."""
_SLOW = 0.02
"""Seconds of a request; a good disk takes a tenth of that."""
_SOME = 5
"""Requests a second, or in all, from which on a disk counts as used."""
_PRESSES = 0.1


def findings(sample: Sample) -> Iterator[Finding]:
    latencies = {each.target: each for each in sample.latencies()}
    for disk in sample.disks():
        yield from _disk(sample, disk, latencies.get(disk.target))
    pressure, own = sample.pressure("io") or 0.0, sample.own_pressure("io")
    if max(pressure, own or 0.0) >= _PRESSES:
        message = f"the host waits for its disks: some of its processes did {100 * pressure:.0f} % of the time"
        weight, message = weighed(pressure, own, message)
        yield Finding(max(1, min(50, weight // 2)), message, _who(sample)[1])
    if dropped := sample.dropped():
        yield Finding(30, f"{dropped} packets of its cards were dropped", f"xm network-list {sample.domain.name}")
    for emulated in sample.after.circumstances.emulated:
        yield _emulated(sample, emulated)


def _disk(sample: Sample, disk: DiskLoad, latencies: Latencies | None) -> Iterator[Finding]:
    if disk.errors:
        yield Finding(95, f"{disk.errors} requests of its disk {disk.target} failed", "dmesg")
    slowest = max(disk.read_seconds or 0.0, disk.write_seconds or 0.0)
    count = disk.reads + disk.writes
    who, command = _who(sample)
    if disk.busy is None or count < _SOME:
        return
    if disk.busy < _BUSY and slowest < _SLOW:
        if latencies is not None and (some := slow(latencies)):
            yield Finding(20, f"{some} of its disk {disk.target}{who}", command)
        return
    told = " and ".join(
        how_long(number, word, seconds, bins, latencies.bounds if latencies is not None else ())
        for number, word, seconds, bins in (
            (disk.reads, "reads", disk.read_seconds, latencies.reads if latencies is not None else ()),
            (disk.writes, "writes", disk.write_seconds, latencies.writes if latencies is not None else ()),
        )
        if seconds is not None
    )
    message = f"it waited for its disk {disk.target} {100 * min(1.0, disk.busy):.0f} % of the time: {told}{who}"
    yield Finding(min(90, max(5, round(100 * min(1.0, disk.busy)))), message, command)


def _who(sample: Sample) -> tuple[str, str]:
    """The neighbour that uses the disks most, and what to do."""
    busy = [(domain, rate) for domain, rate in sample.requests_of_neighbours() if rate >= _SOME]
    if not busy:
        return "", "xm top -x"
    domain, rate = busy[0]
    return f"; its neighbour {domain.name} has {rate:.0f} requests a second", f"xm pause {domain.name}"


def _emulated(sample: Sample, emulated: Emulated) -> Finding:
    """One that is at work weighs more than one that only is there."""
    name = sample.domain.name
    if emulated.disk:
        used = sum(disk.reads + disk.writes for disk in sample.disks() if disk.target == emulated.name)
        message = f"its disk {emulated.name} is {emulated.what}: called xvda, or what follows that, it is paravirtual"
        command = f"xm config remove {name} disk {emulated.name}; xm config add {name} disk PATH,xvda,w"
    else:
        used = 0
        message = f"its card {emulated.name} is {emulated.what}: one of type vif is paravirtual"
        command = f"xm config remove {name} vif {emulated.name}; xm config add {name} vif type=vif"
    return Finding(40 if used >= _SOME * sample.seconds else 10, message, command)
