"""What networks are made of on a host: each thing can be looked at, made and unmade, as often as one likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from xenia.model.network import Network
from xenia.network.dnsmasq_config import ServiceFiles, config_for
from xenia.network.host import Link, NetworkHost, Seen
from xenia.network.rules import commands_for, rules_for

NONE = "none"


class Thing(Protocol):
    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """What there is only one of: of two things with one key the later one replaces the other."""

    @property
    def words(self) -> str:
        """What it is, for people."""

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        """ "" where it is as it should be; else what is instead, such as `none`."""

    async def make(self, host: NetworkHost) -> None:
        """Make it as it should be, whatever is there of it."""

    async def unmake(self, host: NetworkHost) -> None:
        """As if it had not been made; silent when it is not there."""


@dataclass(frozen=True, slots=True)
class Bridge:
    kind: ClassVar[str] = "bridge"
    name: str
    mtu: int = 0

    @property
    def key(self) -> str:
        return f"bridge {self.name}"

    @property
    def words(self) -> str:
        return f"bridge {self.name}" + (f" with MTU {self.mtu}" if self.mtu else "")

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        link = seen.links.get(self.name)
        if link is None:
            return NONE
        if not link.up:
            return "switched off"
        return f"MTU {link.mtu}" if self.mtu and link.mtu != self.mtu else ""

    async def make(self, host: NetworkHost) -> None:
        if self.name not in await host.links():
            await host.add_bridge(self.name)
        await host.set_link(self.name, up=True, mtu=self.mtu)

    async def unmake(self, host: NetworkHost) -> None:
        await host.remove_link(self.name)


@dataclass(frozen=True, slots=True)
class Vlan:
    """The interface of a VLAN on the card `parent`."""

    kind: ClassVar[str] = "vlan"
    name: str
    parent: str
    vlan: int

    @property
    def key(self) -> str:
        return f"vlan {self.name}"

    @property
    def words(self) -> str:
        return f"interface {self.name} for VLAN {self.vlan} on {self.parent}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        return "" if self.name in seen.links else NONE

    async def make(self, host: NetworkHost) -> None:
        await host.add_vlan(self.name, self.parent, self.vlan)

    async def unmake(self, host: NetworkHost) -> None:
        await host.remove_link(self.name)


@dataclass(frozen=True, slots=True)
class Port:
    """`interface` is a port of `bridge`, and on."""

    kind: ClassVar[str] = "port"
    bridge: str
    interface: str

    @property
    def key(self) -> str:
        return f"port {self.interface}"

    @property
    def words(self) -> str:
        return f"{self.interface} as a port of {self.bridge}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        link = seen.links.get(self.interface)
        if link is None or link.master != self.bridge:
            return link.master if link and link.master else NONE
        return "" if link.up else "switched off"

    async def make(self, host: NetworkHost) -> None:
        await host.set_link(self.interface, master=self.bridge, up=True)

    async def unmake(self, host: NetworkHost) -> None:
        """It stays on: whether it was, is not what this is about."""
        if self.interface in await host.links():
            await host.set_link(self.interface, master="")


@dataclass(frozen=True, slots=True)
class Isolation:
    """The ports of `bridge` reach only `port`, its way out, and the host."""

    kind: ClassVar[str] = "isolation"
    bridge: str
    port: str = ""

    @property
    def key(self) -> str:
        return f"isolation {self.bridge}"

    @property
    def words(self) -> str:
        return f"guests on {self.bridge} kept from each other"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        free = [name for name in self._ports(seen.links) if not seen.links[name].isolated]
        return f"not {', '.join(free)}" if free else ""

    def _ports(self, links: Mapping[str, Link]) -> list[str]:
        return [name for name, link in links.items() if link.master == self.bridge and name != self.port]

    async def make(self, host: NetworkHost) -> None:
        for name in self._ports(await host.links()):
            await host.isolate(name, isolated=True)

    async def unmake(self, host: NetworkHost) -> None:
        for name in self._ports(await host.links()):
            await host.isolate(name, isolated=False)


@dataclass(frozen=True, slots=True)
class Address:
    """The host has `address` (with its prefix) on `interface`."""

    kind: ClassVar[str] = "address"
    interface: str
    address: str

    @property
    def key(self) -> str:
        return f"address {self.address} {self.interface}"

    @property
    def words(self) -> str:
        return f"address {self.address} on {self.interface}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        link = seen.links.get(self.interface)
        return "" if link is not None and self.address in (*link.addresses, *link.link_local) else NONE

    async def make(self, host: NetworkHost) -> None:
        await host.add_address(self.interface, self.address)

    async def unmake(self, host: NetworkHost) -> None:
        await host.remove_address(self.interface, self.address)


@dataclass(frozen=True, slots=True)
class Sysctl:
    """/proc/sys/`path` is `value`; it was `before`, which is given back."""

    kind: ClassVar[str] = "sysctl"
    path: str
    value: str
    before: str = ""

    @property
    def key(self) -> str:
        return f"sysctl {self.path}"

    @property
    def words(self) -> str:
        return f"{self.path.replace('/', '.')} = {self.value}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del seen
        found = host.sysctl(self.path)
        return "" if found == self.value else NONE if found is None else found

    async def make(self, host: NetworkHost) -> None:
        await host.set_sysctl(self.path, self.value)

    async def unmake(self, host: NetworkHost) -> None:
        if self.before and host.sysctl(self.path) not in (None, self.before):
            await host.set_sysctl(self.path, self.before)


@dataclass(frozen=True, slots=True)
class PacketRules:
    """The rules that all networks together need."""

    kind: ClassVar[str] = "rules"
    networks: tuple[Network, ...]

    @property
    def key(self) -> str:
        return "rules"

    @property
    def words(self) -> str:
        return "rules of the packet filter"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        if seen.rules is None:
            return NONE
        return "" if seen.rules == rules_for(self.networks) else "others"

    async def make(self, host: NetworkHost) -> None:
        await host.load_rules(commands_for(self.networks))

    async def unmake(self, host: NetworkHost) -> None:
        await host.remove_rules()


@dataclass(frozen=True, slots=True)
class Service:
    """The dnsmasq of a network."""

    kind: ClassVar[str] = "service"
    network: Network
    files: ServiceFiles

    @property
    def key(self) -> str:
        return f"service {self.network.name}"

    @property
    def words(self) -> str:
        given = "DHCP and DNS" if any(each.first for each in self.network.subnets) else "DNS"
        return f"dnsmasq for {given} on {self.network.bridge}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        found = seen.services.get(self.network.name)
        if found is None:
            return NONE
        return "" if found == self._config(seen.links) else "with another configuration"

    def _config(self, links: Mapping[str, Link]) -> str:
        bridge = links.get(self.network.bridge)
        return config_for(self.network, self.files, bridge.index if bridge is not None else 0)

    async def make(self, host: NetworkHost) -> None:
        await host.start_service(self.network.name, self._config(await host.links()))

    async def unmake(self, host: NetworkHost) -> None:
        await host.stop_service(self.network.name)
