"""Putting a card on the network that it is meant for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xenia.manager.networks.guests import NAT_NETWORK, Guests, addresses_in
from xenia.manager.networks.networks import Networks
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.network import Network
from xenia.model.vif import Vif, Way
from xenia.network.addresses import network_word, networks_of
from xenia.network.definition import read_network
from xenia.network.routed import objections, routed_card, without

_NAT_DEFINITION = """\
# For the cards of guest files that say script=vif-nat. Made when the first one asked for it; yours to change.
mode = "nat"
subnet = "10.88.69.0/24"
subnet6 = "fd58:656e:6961::/64"
"""


_ANOTHER = "choose another one"


@dataclass(frozen=True, slots=True)
class CardNetworks:
    networks: Networks
    guests: Guests

    async def look(self, vif: Vif, domain: str) -> Vif:
        """The card of `domain` with the bridge that `ready` would give it; nothing is made. Raises as `ready`."""
        if vif.way is Way.ROUTE:
            await self._can_be_routed(vif, domain)
            return vif
        name = self.guests.network_of(vif)
        if name is None:
            return vif
        network = self.networks.applied(name)
        if network is None and name == NAT_NETWORK and name not in await self.networks.names():
            self._can_have(vif, domain, read_network(name, _NAT_DEFINITION, name))
            return replace(vif, network=None, bridge=None)
        if network is None:
            raise await self._not_up(name)
        self._can_have(vif, domain, network)
        vlan = vif.vlan or (str(network.vlan) if network.openvswitch and network.vlan else None)
        return replace(vif, network=None, bridge=network.bridge, script=None, vlan=vlan)

    async def ready(self, vif: Vif, domain: str) -> Vif:
        """The card with its bridge, which is there if it is that of a network; the network gives it the addresses that
        it is to have. Raises not_found for a network that there is not, a conflict for one that is not up, and for
        addresses that it cannot have; what keeps a network from being made or repaired.
        """
        if self.guests.network_of(vif) == NAT_NETWORK and NAT_NETWORK not in await self.networks.names():
            await self.networks.define(NAT_NETWORK, _NAT_DEFINITION, None)
        vif = await self.look(vif, domain)
        bridge = self.guests.bridge_of(vif)
        network = self.networks.with_bridge(bridge)
        if bridge and network is not None and not self.networks.host.has(bridge):
            await self.networks.repair()
        if network is not None and addresses_in(network, vif):
            await self.networks.tell_names()
        return vif

    def _can_have(self, vif: Vif, domain: str, network: Network) -> None:
        """Raises a conflict for addresses (`ip=`) that a card of `domain` cannot have on the network."""
        own = addresses_in(network, vif)
        for ip in own:
            name = self.guests.holder(network, ip)
            if any(str(subnet.host.ip) == ip for subnet in network.subnets):
                raise conflict(f"ip={ip} is that of the host on the network '{network.name}'", _ANOTHER)
            if name not in (None, domain):
                raise conflict(f"ip={ip} is that of a card of '{name}'", _ANOTHER)
        if vif.way is Way.NAT and len(own) < len(vif.ip):
            other = next(word for word in vif.ip if word.split("/")[0] not in own)
            there = " or ".join(subnet.network for subnet in network.subnets) or "nothing"
            raise conflict(
                f"ip={other} is no address of the network '{network.name}' ({there}), where script=vif-nat puts a card",
                f"choose one of these, or leave ip= out; or change the network: xm network edit {network.name}",
            )

    async def _can_be_routed(self, vif: Vif, domain: str) -> None:
        """Raises what speaks against it on this host, and a conflict for an address that another domain has."""
        for version in (4, 6):
            for network in networks_of(vif.ip, version):
                name = self.guests.routed_to(network)
                if name not in (None, domain):
                    raise conflict(f"ip={network_word(network)} is that of a card of '{name}'", _ANOTHER)
        seen = without(self.guests.routed(), await self.networks.host.see(rules=False))
        error = next(objections(routed_card(vif, ""), seen), None)
        if error is not None:
            raise error

    async def _not_up(self, name: str) -> XeniaError:
        names = await self.networks.names()
        problem = self.networks.problem(name)
        if problem is not None:
            return conflict(f"the network '{name}' is not up: {problem.message}", f"xm network plan {name}")
        if name in names:
            return conflict(f"the network '{name}' is not up", f"xm network apply {name}")
        hint = f"there are: {', '.join(names)}" if names else "make it: xm help network create"
        return not_found(f"there is no network '{name[:64]}'", hint)
