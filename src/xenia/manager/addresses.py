"""The IP addresses of guests, from all that tell of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from xenia.manager.agents import Agents
from xenia.manager.networks.networks import Networks
from xenia.manager.table import Table
from xenia.model.address import CardAddress, Source
from xenia.model.agent import Interface
from xenia.model.domain import Started
from xenia.model.errors import XeniaError
from xenia.network.addresses import network_of

log = logging.getLogger(__name__)

ByMac = Mapping[str, Sequence[tuple[str, Source]]]


@dataclass(frozen=True, slots=True)
class Addresses:
    """`clock` gives seconds since the epoch."""

    networks: Networks
    agents: Agents
    table: Table
    clock: Callable[[], float]

    async def all(self) -> dict[str, tuple[CardAddress, ...]]:
        """Those of all that run, by UUID. An agent is asked, for at most a second, where nothing else tells any."""
        by_mac = await self._by_mac()
        found = {entry.started.uuid: _known(entry.started, by_mac) for entry in self.table}
        silent = [entry.started for entry in self.table if entry.started.macs and not found[entry.started.uuid]]
        for started, seen in zip(silent, await asyncio.gather(*map(self.agents.glance, silent)), strict=True):
            found[started.uuid] = tuple(_told(seen))
        return found

    async def of(self, started: Started, seen: Iterable[Interface]) -> tuple[CardAddress, ...]:
        """Those of one domain; `seen` is what its agent tells."""
        return _merged([*_known(started, await self._by_mac()), *_told(seen)])

    async def _by_mac(self) -> ByMac:
        """What leases and neighbours tell, by the address of the card."""
        found: dict[str, list[tuple[str, Source]]] = {}
        for lease in self.networks.leases():
            if lease.holds(self.clock()):
                found.setdefault(lease.mac.lower(), []).append((lease.ip, Source.LEASE))
        try:
            for neighbour in await self.networks.host.neighbours():
                found.setdefault(neighbour.mac, []).append((neighbour.ip, Source.NEIGHBOUR))
        except (XeniaError, OSError) as error:
            log.warning("the neighbours of the host are not told: %s", error)
        return found


def _known(started: Started, by_mac: ByMac) -> tuple[CardAddress, ...]:
    """What the guest file and others tell."""
    found = []
    for vif, mac in zip(started.config.vifs, started.macs, strict=False):
        for text in vif.ip:
            network = network_of(text)
            if network is not None and network.prefixlen == network.max_prefixlen:
                found.append(CardAddress(vif.item, str(network.network_address), Source.FILE))
        found += [CardAddress(vif.item, ip, source) for ip, source in by_mac.get(mac.lower(), ())]
    return _merged(found)


def _told(seen: Iterable[Interface]) -> Iterator[CardAddress]:
    """What the agent tells of cards."""
    for interface in seen:
        if interface.vif is not None:
            for address in interface.addresses:
                yield CardAddress(interface.vif, address.split("/")[0], Source.AGENT)


def _merged(addresses: Iterable[CardAddress]) -> tuple[CardAddress, ...]:
    """Each once, from the most trustworthy source; by card, IPv4 first. Link-local ones say nothing: left out."""
    order = list(Source)
    best: dict[tuple[int, str], CardAddress] = {}
    for each in sorted(addresses, key=lambda each: order.index(each.source)):
        if _is_told(each.ip):
            best.setdefault((each.vif, each.ip), each)
    return tuple(sorted(best.values(), key=lambda each: (each.vif, ip_address(each.ip).version)))


def _is_told(ip: str) -> bool:
    """An agent may say anything, and a zone (RFC 4007) may be any text: it has no meaning outside the guest."""
    try:
        return "%" not in ip and not ip_address(ip).is_link_local
    except ValueError:
        return False
