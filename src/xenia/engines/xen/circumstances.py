"""What weighs on a domain beside what is counted: emulated devices that it uses, and what Xen does not tell."""

from __future__ import annotations

from xenia.engines.xen.counters import disks_by_domain
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.domain import DomainConfig, Kind
from xenia.model.why import Circumstances, Emulated

_CONNECTED = "4"
"""XenbusStateConnected (Xen public/io/xenbus.h): the guest's own driver uses the device."""

_UNKNOWN = (
    "how long requests of its disks take: Xen does not count that",
    "how short guests are of CPU: of the pressure, only that of Domain-0 is counted",
)
_UNCOUNTED = "how much its disks do: a QEMU serves them, and does not count"


async def circumstances_of(config: DomainConfig, domid: int, store: Xenstore) -> Circumstances:
    """Raises engine_failed where xenstore does not answer."""
    emulated: list[Emulated] = []
    if config.kind is Kind.HVM:
        targets = [disk.target for disk in config.disks if not disk.cdrom]
        if targets and not await _connected(store, domid, "vbd"):
            emulated += [Emulated(target, "served by an emulated drive", disk=True) for target in targets]
        if config.vifs and not await _connected(store, domid, "vif"):
            emulated += [Emulated(str(number), "emulated", disk=False) for number in range(len(config.vifs))]
    counted = not config.disks or disks_by_domain(domid=domid)
    return Circumstances(emulated=tuple(emulated), unknown=_UNKNOWN if counted else (*_UNKNOWN, _UNCOUNTED))


async def _connected(store: Xenstore, domid: int, kind: str) -> bool:
    """Whether the guest has a driver of its own on one of these devices."""
    path = f"/local/domain/0/backend/{kind}/{domid}"
    for number in await store.directory(path):
        if await store.read(f"{path}/{number}/state") == _CONNECTED:
            return True
    return False
