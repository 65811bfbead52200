"""Putting a card on the network that it is meant for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xenia.manager.networks.guests import Guests
from xenia.manager.networks.networks import Networks
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.vif import Vif

NAT_NETWORK = "xennat0"
"""Where cards with script=vif-nat are, which xend of old gave a network of their own."""

_NAT_DEFINITION = """\
# For the cards of guest files that say script=vif-nat. Made when the first one asked for it; yours to change.
mode = "nat"
subnet = "10.88.69.0/24"
subnet6 = "fd58:656e:6961::/64"
"""


@dataclass(frozen=True, slots=True)
class CardNetworks:
    networks: Networks
    guests: Guests

    async def look(self, vif: Vif) -> Vif:
        """The card with the bridge that `ready` would give it; nothing is made. Raises as `ready`."""
        name = self._name(vif)
        if name is None:
            return vif
        network = self.networks.applied(name)
        if network is None and name == NAT_NETWORK and name not in await self.networks.names():
            return replace(vif, network=None, bridge=None)
        if network is None:
            raise await self._not_up(name)
        return replace(vif, network=None, bridge=network.bridge)

    async def ready(self, vif: Vif) -> Vif:
        """The card with its bridge, which is there if it is that of a network. Raises not_found for a network that
        there is not, a conflict for one that is not up, and what keeps one from being made or repaired.
        """
        if self._name(vif) == NAT_NETWORK and NAT_NETWORK not in await self.networks.names():
            await self.networks.define(NAT_NETWORK, _NAT_DEFINITION, None)
        vif = await self.look(vif)
        bridge = self.guests.bridge_of(vif)
        if self.networks.with_bridge(bridge) is not None and not self.networks.host.has(bridge):
            await self.networks.repair()
        return vif

    def _name(self, vif: Vif) -> str | None:
        """The network that it is meant for, if it is one."""
        by_script = not vif.bridge and (vif.script or "").rsplit("/", 1)[-1] == "vif-nat"
        return vif.network or (NAT_NETWORK if by_script else None)

    async def _not_up(self, name: str) -> XeniaError:
        names = await self.networks.names()
        problem = self.networks.problem(name)
        if problem is not None:
            return conflict(f"the network '{name}' is not up: {problem.message}", f"xm network plan {name}")
        if name in names:
            return conflict(f"the network '{name}' is not up", f"xm network apply {name}")
        hint = f"there are: {', '.join(names)}" if names else "make it: xm help network create"
        return not_found(f"there is no network '{name[:64]}'", hint)
