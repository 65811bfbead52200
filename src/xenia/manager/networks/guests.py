"""Which guests are on which network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xenia.engines.base import Observed
from xenia.manager.table import Table
from xenia.model.domain import Started
from xenia.model.network import Network
from xenia.model.vif import Vif, Way
from xenia.network.addresses import Network as AnyNetwork
from xenia.network.addresses import networks_of
from xenia.network.interface import EMULATED
from xenia.network.routed import RoutedCard, routed_card
from xenia.store.records import Records

NAT_NETWORK = "xennat0"
"""Where cards with script=vif-nat are, which xend of old gave a network of their own."""


def addresses_in(network: Network, vif: Vif) -> list[str]:
    """The single addresses that a card has there by its guest file."""
    own = [each for subnet in network.subnets for each in networks_of(vif.ip, subnet.host.version)]
    subnets = [subnet.host.network for subnet in network.subnets]
    single = [each.network_address for each in own if each.prefixlen == each.max_prefixlen]
    return [str(ip) for ip in single if any(ip in subnet for subnet in subnets)]


@dataclass(frozen=True, slots=True)
class Guests:
    """`default_bridge` is that of cards which name none; `observe` is what the engine sees of a domain."""

    table: Table
    records: Records
    default_bridge: str
    observe: Callable[[str], Observed | None]

    def on(self, network: Network) -> tuple[str, ...]:
        """The domains that run with a card on it."""
        return self._of(lambda vif: self._is_in(vif, network))

    def on_bridge(self, bridge: str) -> tuple[str, ...]:
        return self._of(lambda vif: self._is_on(vif, bridge))

    def _of(self, chosen: Callable[[Vif], bool]) -> tuple[str, ...]:
        return tuple(sorted(each.config.name for each in self._started() if any(map(chosen, each.config.vifs))))

    def _started(self) -> list[Started]:
        return [entry.started for entry in self.table]

    def bridge_of(self, vif: Vif) -> str | None:
        """Of a card that names no network; None for one that is no port of any."""
        return vif.bridge or self.default_bridge if vif.is_port else None

    def network_of(self, vif: Vif) -> str | None:
        """The network that a card is meant for, if it names one."""
        return vif.network or (NAT_NETWORK if vif.way is Way.NAT and not vif.bridge else None)

    def _is_in(self, vif: Vif, network: Network) -> bool:
        return self.network_of(vif) == network.name or self._is_on(vif, network.bridge)

    def _is_on(self, vif: Vif, bridge: str) -> bool:
        return not self.network_of(vif) and self.bridge_of(vif) == bridge

    def ports(self, network: Network) -> tuple[str, ...]:
        """The host's ends of their cards on it, but for those that are in VLANs: a bridge that was made anew knows none
        of these.
        """
        return self._ports(lambda vif: self._is_in(vif, network))

    def ports_on(self, bridge: str) -> tuple[str, ...]:
        """The same of a bridge that is no network's."""
        return self._ports(lambda vif: self._is_on(vif, bridge))

    def _ports(self, chosen: Callable[[Vif], bool]) -> tuple[str, ...]:
        found = [end for _, vif, end in self._ends() if chosen(vif) and not vif.vlan]
        return tuple(name for end in found for name in (end, f"{end}{EMULATED}"))

    def _ends(self) -> Iterator[tuple[Started, Vif, str]]:
        """The host's end of each card."""
        for started in self._started():
            observed = self.observe(started.uuid)
            ends = observed.vifs if observed is not None else ()
            for vif, end in zip(started.config.vifs, ends, strict=False):
                yield started, vif, end

    def routed(self) -> tuple[RoutedCard, ...]:
        """The cards that are routed; both of their ends, whether they are there or not."""
        return tuple(
            routed_card(vif, end, emulated=emulated)
            for started, vif, end in self._ends()
            if vif.way is Way.ROUTE and not started.foreign
            for emulated in (False, True)
        )

    def routed_to(self, network: AnyNetwork) -> str | None:
        """The domain that has a part of it on a card that is routed."""
        for started, vif, _ in self._ends():
            if vif.way is Way.ROUTE and any(map(network.overlaps, networks_of(vif.ip, network.version))):
                return started.config.name
        return None

    def holder(self, network: Network, ip: str) -> str | None:
        """The domain that has an address there by its guest file."""
        for started in self._started():
            if any(ip in addresses_in(network, vif) for vif in started.config.vifs if self._is_in(vif, network)):
                return started.config.name
        return None

    def addresses(self, network: Network) -> dict[str, list[str]]:
        """Those that its cards have by their guest files (`ip=`), by their hardware addresses."""
        found: dict[str, list[str]] = {}
        for started in self._started():
            for vif, mac in zip(started.config.vifs, started.macs, strict=False):
                own = addresses_in(network, vif) if self._is_in(vif, network) else []
                if own:
                    found[mac] = own
        return found

    def names(self) -> dict[str, str]:
        """The domain of each card that one was decided for, by its address."""
        return {mac: record.name for record in self.records.all() for mac in record.macs}
