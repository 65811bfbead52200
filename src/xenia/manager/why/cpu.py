"""What keeps a domain from the CPUs."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.manager.why.sample import Load, Sample
from xenia.model.domain import State
from xenia.model.vcpu import said
from xenia.model.why import Finding

_WAITS = 0.03
"""Shares of the time from which on something is worth telling."""
_FULL = 0.9
_GREEDY = 0.2
_SERVES = 0.2


def findings(sample: Sample) -> Iterator[Finding]:
    name = sample.domain.name
    if sample.domain.state is State.PAUSED:
        yield Finding(100, "it is paused: its virtual CPUs do not run", f"xm unpause {name}")
        return
    if reason := sample.after.circumstances.emulation:
        yield Finding(90, f"QEMU itself executes its instructions, not KVM, some ten times slower: {reason}", "xm info")
    held_back = _held_back(sample)
    yield from _limited(held_back)
    yield from _waiting(sample, held_back)
    yield from _serving(sample)
    yield from _together(sample)
    count, cpus = sample.domain.vcpus, sample.host_cpus
    if count > cpus:
        yield Finding(15, f"it has {count} virtual CPUs, and the host {_counted(cpus)}", f"xm vcpu-set {name} {cpus}")
    loads = sample.loads()
    if loads and all(load.ran >= _FULL for load in loads):
        least = 100 * min(load.ran for load in loads)
        more = f"xm vcpu-set {name} {count + 1}" if count < cpus else ""
        yield Finding(30, f"it uses all that its {_virtual(count)} can run ({least:.0f} %)", more)


def _held_back(sample: Sample) -> float:
    """The share of the time in which a limit stopped it: cgroup's, of which the kernel counts that."""
    old, new = sample.before.circumstances.held_back, sample.after.circumstances.held_back
    return 0.0 if old is None or new is None else max(0.0, new - old) / sample.seconds


def _limited(share: float) -> Iterator[Finding]:
    if share >= _WAITS:
        message = f"a limit on its CPU time stopped it {100 * share:.0f} % of the time (that of its cgroup)"
        yield Finding(min(95, round(100 * share)), message)


def _waiting(sample: Sample, held_back: float) -> Iterator[Finding]:
    """The time in which a limit stops it counts as waiting for the kernel, too."""
    waits = [(load, load.waited - held_back) for load in sample.loads() if load.waited is not None]
    if not waits:
        return
    worst, waited = max(waits, key=lambda pair: pair[1])
    if waited < _WAITS:
        return
    weight = min(95, round(100 * waited))
    message = f"its virtual CPU {worst.number} waited {100 * waited:.0f} % of the time for a CPU of the host"
    yield Finding(weight, *_cause(sample, worst, message))


def _serving(sample: Sample) -> Iterator[Finding]:
    """The time in which something of the domain's own waited for a CPU, and none of its virtual CPUs did."""
    own = sample.own_pressure("cpu")
    if own is None:
        return
    others = own - sum(load.waited or 0.0 for load in sample.loads())
    if others >= _SERVES:
        message = f"what serves its devices waited {100 * others:.0f} % of the time for a CPU of the host"
        yield Finding(min(60, round(100 * others)), message, "xm top")


def _cause(sample: Sample, worst: Load, message: str) -> tuple[str, str]:
    """The message with what takes the CPU, as far as that can be seen, and what to do."""
    name = sample.domain.name
    allowed = next((vcpu.cpus for vcpu in sample.affinity if vcpu.number == worst.number), None)
    if allowed is not None and len(allowed) < sample.host_cpus:
        return f"{message}; it may only run on CPU {said(allowed)}", f"xm vcpu-pin {name} {worst.number} all"
    neighbours = [(domain, used) for domain, used in sample.neighbours() if used >= _GREEDY]
    if not neighbours:
        return f"{message}; no guest takes it, but what else runs on the host", "top"
    told = ", ".join(f"{domain.name} ({100 * used:.0f} %)" for domain, used in neighbours[:3])
    most = neighbours[0][0].name
    if sample.host_cpus > 1:
        return f"{message}; its neighbours use CPUs: {told}", f"xm vcpu-pin {most} all {sample.host_cpus - 1}"
    return f"{message}; its neighbours use CPUs: {told}", f"xm pause {most}"


def _together(sample: Sample) -> Iterator[Finding]:
    """Virtual CPUs that have to share fewer CPUs than they are."""
    pinned = [vcpu for vcpu in sample.affinity if vcpu.cpus is not None and len(vcpu.cpus) < sample.host_cpus]
    cpus = {cpu for vcpu in pinned for cpu in vcpu.cpus or ()}
    if len(pinned) > len(cpus):
        busy = sum(load.ran + (load.waited or 0) for load in sample.loads()) > len(cpus) * _FULL
        message = f"{len(pinned)} of its virtual CPUs share CPU {said(cpus)} of the host"
        yield Finding(60 if busy else 10, message, f"xm vcpu-pin {sample.domain.name} all all")


def _counted(cpus: int) -> str:
    return f"only {cpus}" if cpus > 1 else "only one"


def _virtual(count: int) -> str:
    return f"{count} virtual CPUs" if count > 1 else "virtual CPU"
