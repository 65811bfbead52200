"""The network of the real host: netlink, nft, sysctl and dnsmasq, as networks need them."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xenia.lib.program import PATH
from xenia.model.address import Neighbour
from xenia.model.errors import denied, unavailable
from xenia.model.network import Lease
from xenia.network import links, openvswitch, sysctl
from xenia.network.dnsmasq import Dnsmasq, no_dnsmasq
from xenia.network.dnsmasq_config import ServiceFiles
from xenia.network.host import SWITCH, Link, Rules, Seen
from xenia.network.interface import exists
from xenia.network.leases import LeaseWatch, read_leases
from xenia.network.listeners import read_listeners
from xenia.network.mac import bridge_mac
from xenia.network.neighbours import read_neighbours, read_proxied
from xenia.network.nft import Command, Nft
from xenia.network.rules import FAMILY, read_rules
from xenia.network.watch import Watch

log = logging.getLogger(__name__)

_SWITCH_PORT = "openvswitch"
"""The kernel's word for a port that Open vSwitch has itself; each of its bridges is one."""


class KernelHost:
    """A NetworkHost (network.host). `privileged` tells whether xend may change anything."""

    def __init__(self, dnsmasq: Dnsmasq, nft: Nft, *, privileged: bool) -> None:
        self._dnsmasq = dnsmasq
        self._nft = nft
        self._privileged = privileged
        self._watch = Watch()
        self._leases = LeaseWatch(dnsmasq.state)
        self._told: list[Any] | None = None
        """Our rules as nft tells them, from when they were looked at first after they were made."""

    def refuse(self) -> None:
        """Raises what speaks against networks on this host at all."""
        if not self._privileged:
            raise denied("only a xend that runs as root makes networks", "without: user-mode networking, and no bridge")
        if shutil.which(self._nft.binary, path=PATH) is None:
            raise unavailable("nft is not installed", "apt-get install nftables")
        if shutil.which(self._dnsmasq.binary, path=PATH) is None:
            raise no_dnsmasq()

    async def see(self, ports: Sequence[int] = (), *, rules: bool = True) -> Seen:
        there = await self.links()
        return Seen(
            there,
            await links.read_routes(there),
            await asyncio.to_thread(read_listeners, ports) if ports else (),
            self._dnsmasq.services(),
            self._rules(await self._nft.table(FAMILY)) if rules else None,
            sysctl.accept_ra(),
            read_proxied(there.values()),
            links.outlet(),
        )

    def _rules(self, table: Sequence[Command] | None) -> Rules | None:
        """Without a digest where somebody has put a rule in the place of another one."""
        found = read_rules(table)
        told = [[each["rule"]["chain"], each["rule"]["expr"]] for each in table or () if "rule" in each]
        if self._told is None:
            self._told = told
        return found if found is None or told == self._told else replace(found, digest="")

    async def links(self) -> dict[str, Link]:
        there = await links.read_links()
        if any(link.kind == _SWITCH_PORT for link in there.values()):
            for name in await asyncio.to_thread(openvswitch.switches):
                there[name] = replace(there[name], kind=SWITCH)
        return there

    async def neighbours(self) -> list[Neighbour]:
        return read_neighbours()

    def has(self, interface: str) -> bool:
        return exists(interface)

    def watch(self) -> None:
        self._watch.open()
        try:
            self._leases.open()
        except OSError as error:
            log.warning("what is leased is not noticed: %s", error)

    async def changed(self) -> None:
        await self._watch.changed(self._dnsmasq.running().values())

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()
        self._leases.close()

    async def add_bridge(self, name: str) -> None:
        await links.add_link(name, "bridge", mac=bridge_mac(name))

    async def add_vlan(self, name: str, parent: str, vlan: int) -> None:
        await links.add_link(name, "vlan", parent=parent, vlan=vlan)

    async def remove_link(self, name: str) -> None:
        await links.remove_link(name)

    async def set_link(self, name: str, *, up: bool | None = None, mtu: int = 0, master: str | None = None) -> None:
        await links.set_link(name, up=up, mtu=mtu, master=master)

    async def isolate(self, port: str, *, isolated: bool) -> None:
        await links.isolate(port, isolated=isolated)

    async def add_address(self, interface: str, address: str) -> None:
        await links.add_address(interface, address)

    async def remove_address(self, interface: str, address: str) -> None:
        await links.remove_address(interface, address)

    async def add_route(self, network: str, interface: str, *, source: str, metric: int) -> None:
        await links.add_route(network, interface, source=source, metric=metric)

    async def remove_route(self, network: str, interface: str, *, metric: int) -> None:
        await links.remove_route(network, interface, metric=metric)

    async def set_proxied(self, interface: str, ip: str, *, proxied: bool) -> None:
        await links.set_proxied(interface, ip, proxied=proxied)

    def sysctl(self, path: str) -> str | None:
        return sysctl.read_sysctl(path)

    async def set_sysctl(self, path: str, value: str) -> None:
        sysctl.write_sysctl(path, value)

    async def load_rules(self, commands: Sequence[Command]) -> None:
        self._told = None
        await self._nft.apply(commands)

    async def remove_rules(self) -> None:
        self._told = None
        await self._nft.remove(FAMILY)

    def leases(self, network: str) -> tuple[Lease, ...]:
        return read_leases(self._dnsmasq.files(network).leases)

    async def leased(self) -> None:
        await self._leases.changed()

    def files(self, network: str) -> ServiceFiles:
        return self._dnsmasq.files(network)

    async def start_service(self, network: str, config: str) -> None:
        await self._dnsmasq.start(network, config)

    async def stop_service(self, network: str) -> None:
        await self._dnsmasq.stop(network)

    async def forget_service(self, network: str) -> None:
        self._dnsmasq.forget(network)

    async def tell_names(self, network: str, lines: str) -> None:
        self._dnsmasq.tell_names(network, lines)
