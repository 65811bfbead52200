"""The addresses that cards on networks of ours are held to, beside those of their guest files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xenia.manager.networks.guests import Guests
from xenia.manager.networks.networks import Networks
from xenia.model.network import Mode, Network
from xenia.model.vif import Vif
from xenia.network.addresses import link_local_of
from xenia.network.mac import bridge_mac
from xenia.network.port import KnownAddresses


@dataclass(frozen=True, slots=True)
class HeldAddresses:
    """`clock` gives seconds since the epoch."""

    networks: Networks
    guests: Guests
    clock: Callable[[], float]

    def of(self, vif: Vif, mac: str) -> KnownAddresses:
        """Nothing for a card that is elsewhere."""
        name = self.guests.network_of(vif)
        network = self.networks.applied(name) if name else self.networks.with_bridge(self.guests.bridge_of(vif))
        if network is None or network.mode is Mode.BRIDGE:
            return KnownAddresses()
        return KnownAddresses(tuple(self._leases(network, mac)), _reserved(network))

    def _leases(self, network: Network, mac: str) -> list[str]:
        """Those that hold. Where guests make themselves addresses of IPv6, leases are not all that they have."""
        slaac = network.ipv6 is not None and network.ipv6.slaac
        return [
            lease.ip
            for lease in self.networks.host.leases(network.name)
            if lease.mac.lower() == mac.lower() and lease.holds(self.clock()) and not (slaac and ":" in lease.ip)
        ]


def _reserved(network: Network) -> tuple[str, ...]:
    """The host's own on the bridge, with the one that it sends router advertisements from."""
    own = [str(subnet.host.ip) for subnet in network.subnets]
    return (*own, str(link_local_of(bridge_mac(network.bridge)))) if own else ()
