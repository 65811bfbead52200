"""What a save carries of a domain beside the guest itself, as traits: what Xen's tools would not have as it was.

Devices that came, or whose neighbours went, while the guest ran are not where a start would put them. A guest whose
balloon has not given memory back has more than its configuration says. And what its drivers have said of themselves
when they came up (Xen docs/misc/xenstore-paths.pandoc, control) they do not say again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xenia.engines.xen import disk_hotplug, vif_hotplug
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.vdev import vdevs_of
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.domain import DomainConfig, Kind, Started

_DISK, _CARD, _PARAVIRTUAL, _FEATURE, _MEMORY = "disk.", "card.", "paravirtual.", "feature-", "memory"


@dataclass(frozen=True, slots=True)
class Carried:
    """`disks` are the virtual devices of disks by their targets, `cards` the numbers that Xen gives them by those that
    they have in the domain: of those that are elsewhere than a start would put them. `paravirtual` are the cards of an
    HVM guest that have no emulated side. `memory` is in MiB, 0 where it is as configured.
    """

    disks: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[int, int] = field(default_factory=dict)
    paravirtual: frozenset[int] = frozenset()
    features: frozenset[str] = frozenset()
    memory: int = 0

    def grown(self, started: Started) -> Started:
        """A domain as it is to be made: Xen would not let it have its memory otherwise."""
        config = started.config
        return replace(started, config=replace(config, memory=max(config.memory, self.memory)))


async def carried_traits(store: Xenstore, guest: Guest, config: DomainConfig, memory_kb: int) -> dict[str, str]:
    """Of a guest that stands still. Raises engine_failed, unavailable."""
    return {
        **await _moved_disks(store, guest, config),
        **await _cards(store, guest, config),
        **await _features(store, guest),
        **_more_memory(config, memory_kb),
    }


def read_carried(traits: Mapping[str, str]) -> Carried:
    """What `carried_traits` has told."""

    def behind(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): value for name, value in traits.items() if name.startswith(prefix)}

    return Carried(
        behind(_DISK),
        {int(item): int(number) for item, number in behind(_CARD).items()},
        frozenset(map(int, behind(_PARAVIRTUAL))),
        frozenset(behind(_FEATURE)),
        int(traits.get(_MEMORY, 0)),
    )


async def say_again(store: Xenstore, guest: Guest, features: frozenset[str]) -> None:
    """Say for its drivers what they have said. Raises engine_failed, unavailable."""
    for name in features:
        await store.write(f"{_control(guest)}/{_FEATURE}{name}", "1")


async def _moved_disks(store: Xenstore, guest: Guest, config: DomainConfig) -> dict[str, str]:
    wanted, found = vdevs_of(config), await disk_hotplug.places(store, guest)
    return {f"{_DISK}{target}": vdev for target, vdev in found.items() if wanted.get(target, vdev) != vdev}


async def _cards(store: Xenstore, guest: Guest, config: DomainConfig) -> dict[str, str]:
    wanted = {vif.item: place for place, vif in enumerate(config.vifs)}
    traits = {}
    for item, (number, emulated) in (await vif_hotplug.places(store, guest)).items():
        if wanted.get(item, number) != number:
            traits[f"{_CARD}{item}"] = str(number)
        if guest.kind is Kind.HVM and not emulated:
            traits[f"{_PARAVIRTUAL}{item}"] = "1"
    return traits


async def _features(store: Xenstore, guest: Guest) -> dict[str, str]:
    names = [name for name in await store.directory(_control(guest)) if name.startswith(_FEATURE)]
    return {name: "1" for name in names if await store.read(f"{_control(guest)}/{name}") == "1"}


def _more_memory(config: DomainConfig, has_kb: int) -> dict[str, str]:
    has = -(-has_kb // 1024)
    return {_MEMORY: str(has)} if has > config.memory + 1 else {}


def _control(guest: Guest) -> str:
    return f"/local/domain/{guest.domid}/control"
