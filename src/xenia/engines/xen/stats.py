"""What domains have used: their virtual CPUs by the hypervisor, disks and cards by Domain-0's kernel."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from xenia.engines.xen.counters import disks_by_domain
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.hypervisor import Hypervisor, VcpuInfo
from xenia.model.domain import DOMAIN_0_UUID
from xenia.model.stats import Stats, VcpuStats
from xenia.model.vcpu import VcpuState
from xenia.network.counters import read_counters, stats_of_vifs
from xenia.network.interface import EMULATED


async def read_stats(
    guests: Collection[Guest], hypervisor: Hypervisor, domid: int | None = None
) -> Mapping[str, Stats]:
    """By UUID: of Domain-0 and `guests`, or of the one with `domid`. Raises engine_failed, unavailable."""
    told = await hypervisor.vcpus(domid)
    disks, counters = disks_by_domain(domid=domid), read_counters()
    found = {}
    if 0 in told:
        found[DOMAIN_0_UUID] = Stats(_vcpus(told[0]))
    for guest in guests:
        if guest.domid in told:
            vifs = stats_of_vifs(dict(enumerate(guest.vifs)), counters, beside=EMULATED)
            found[guest.uuid] = Stats(_vcpus(told[guest.domid]), disks.get(guest.domid, ()), vifs)
    return found


def _vcpus(told: Collection[VcpuInfo]) -> tuple[VcpuStats, ...]:
    return tuple(VcpuStats(each.number, each.cpu_time / 1e9, state=_state(each)) for each in told)


def _state(vcpu: VcpuInfo) -> VcpuState:
    if not vcpu.online:
        return VcpuState.OFFLINE
    if vcpu.running:
        return VcpuState.RUNNING
    return VcpuState.BLOCKED if vcpu.blocked else VcpuState.READY
