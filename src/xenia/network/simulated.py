"""A network host in memory: for a xend whose engine is simulated, and for tests that kill xend at every step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xenia.model.address import Neighbour
from xenia.model.errors import unavailable
from xenia.model.network import Lease
from xenia.network.dnsmasq_config import ServiceFiles
from xenia.network.host import Link, Listener, Route, Rules, Seen
from xenia.network.nft import Command
from xenia.network.rules import read_rules


async def _no_step(name: str) -> None:
    """Where nothing is injected."""


def _sysctls() -> dict[str, str]:
    return {
        "net/ipv4/ip_forward": "0",
        "net/ipv4/conf/all/accept_redirects": "1",
        "net/ipv6/conf/all/forwarding": "0",
        "net/ipv6/conf/eth0/accept_ra": "1",
        "net/ipv4/neigh/eth0/proxy_delay": "80",
        "net/ipv6/conf/eth0/proxy_ndp": "0",
        "net/ipv4/conf/eth0/proxy_arp": "0",
    }


@dataclass(slots=True)
class SimulatedNetworkHost:
    """A NetworkHost (network.host). It has a card `eth0`, and what `ends` names: the host's ends of cards, which come
    and go with their guests. `step` is awaited before everything that is done to it.
    """

    step: Callable[[str], Awaitable[None]] = _no_step
    ends: Callable[[], Iterable[str]] = tuple
    interfaces: dict[str, Link] = field(
        default_factory=lambda: {
            "lo": Link("lo", 1, up=True, mtu=65_536),
            "eth0": Link("eth0", 2, up=True, addresses=("192.0.2.10/24",)),
        }
    )
    routes: list[Route] = field(default_factory=lambda: [Route("192.0.2.0/24", "eth0")])
    listeners: list[Listener] = field(default_factory=list)
    proxied: set[tuple[str, str]] = field(default_factory=set)
    sysctls: dict[str, str] = field(default_factory=_sysctls)
    rules: Rules | None = None
    services: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    last_index: int = 2
    known_ends: set[str] = field(default_factory=set)
    spoken_with: list[Neighbour] = field(default_factory=list)
    leased_by: dict[str, tuple[Lease, ...]] = field(default_factory=dict)
    news: asyncio.Event | None = None
    """Set when something has happened that a kernel would tell of."""
    new_leases: asyncio.Event | None = None
    """Set when a lease file would have been written."""

    def refuse(self) -> None:
        """Nothing speaks against it."""

    async def see(self, ports: Sequence[int] = (), *, rules: bool = True) -> Seen:
        await self.step("see network")
        self._follow()
        heard = [each for each in self.listeners if each.port in ports]
        ending = "/accept_ra"
        accept = {path.split("/")[3]: value for path, value in self.sysctls.items() if path.endswith(ending)}
        return Seen(
            dict(self.interfaces),
            tuple(self.routes),
            heard,
            dict(self.services),
            self.rules if rules else None,
            accept,
            frozenset(self.proxied),
            "eth0",
        )

    def _follow(self) -> None:
        """With an interface goes all that the kernel has of it."""
        ends = set(self.ends())
        for gone in self.known_ends - ends:
            self._forget(gone)
        for name in sorted(ends - self.known_ends):
            self._appear(Link(name, 0, "tun", up=True))
        self.known_ends = ends

    def _appear(self, link: Link) -> None:
        self.last_index += 1
        self.interfaces[link.name] = replace(link, index=self.last_index)
        for name, value in (("disable_ipv6", "0"), ("accept_ra", "1")):
            self.sysctls[f"net/ipv6/conf/{link.name}/{name}"] = value

    def _forget(self, name: str) -> None:
        self.interfaces.pop(name, None)
        self.routes = [route for route in self.routes if route.interface != name]
        for path in [path for path in self.sysctls if f"/{name}/" in path]:
            del self.sysctls[path]

    async def links(self) -> Mapping[str, Link]:
        self._follow()
        return dict(self.interfaces)

    async def neighbours(self) -> Sequence[Neighbour]:
        return self.spoken_with

    def has(self, interface: str) -> bool:
        return interface in self.interfaces

    def watch(self) -> None:
        if self.news is None:
            self.news, self.new_leases = asyncio.Event(), asyncio.Event()

    async def changed(self) -> None:
        if self.news is not None:
            await self.news.wait()
            self.news.clear()

    def leases(self, network: str) -> tuple[Lease, ...]:
        return self.leased_by.get(network, ())

    async def leased(self) -> None:
        if self.new_leases is not None:
            await self.new_leases.wait()
            self.new_leases.clear()

    def close(self) -> None:
        self.news = self.new_leases = None

    async def add_bridge(self, name: str) -> None:
        await self._add(Link(name, 0, "bridge"))

    async def add_vlan(self, name: str, parent: str, vlan: int) -> None:
        await self._add(Link(name, 0, "vlan", parent=parent, vlan=vlan))

    async def _add(self, link: Link) -> None:
        await self.step("add link")
        if link.name in self.interfaces:
            raise unavailable(f"there is an interface '{link.name}'")
        self._appear(link)
        await self.step("link added")

    async def remove_link(self, name: str) -> None:
        await self.step("remove link")
        self._forget(name)
        for port in [each for each in self.interfaces.values() if each.master == name]:
            self.interfaces[port.name] = replace(port, master="")
        await self.step("link removed")

    async def set_link(self, name: str, *, up: bool | None = None, mtu: int = 0, master: str | None = None) -> None:
        await self.step("set link")
        link = self.interfaces[name]
        self.interfaces[name] = replace(
            link,
            up=link.up if up is None else up,
            mtu=mtu or link.mtu,
            master=link.master if master is None else master,
        )
        await self.step("link set")

    async def isolate(self, port: str, *, isolated: bool) -> None:
        await self.step("set link")
        if port in self.interfaces:
            self.interfaces[port] = replace(self.interfaces[port], isolated=isolated)

    async def add_address(self, interface: str, address: str) -> None:
        await self.step("add address")
        link = self.interfaces[interface]
        if address not in link.addresses:
            self.interfaces[interface] = replace(link, addresses=(*link.addresses, address))
        await self.step("address added")

    async def remove_address(self, interface: str, address: str) -> None:
        await self.step("remove address")
        link = self.interfaces.get(interface)
        if link is not None:
            left = tuple(each for each in link.addresses if each != address)
            self.interfaces[interface] = replace(link, addresses=left)
        await self.step("address removed")

    async def add_route(self, network: str, interface: str, *, source: str, metric: int) -> None:
        del source, metric
        await self.step("add route")
        self.routes.append(Route(network, interface))
        await self.step("route added")

    async def remove_route(self, network: str, interface: str, *, metric: int) -> None:
        del metric
        await self.step("remove route")
        self.routes = [each for each in self.routes if each != Route(network, interface)]
        await self.step("route removed")

    async def set_proxied(self, interface: str, ip: str, *, proxied: bool) -> None:
        await self.step("set proxied")
        (self.proxied.add if proxied else self.proxied.discard)((interface, ip))
        await self.step("proxied set")

    def sysctl(self, path: str) -> str | None:
        return self.sysctls.get(path)

    async def set_sysctl(self, path: str, value: str) -> None:
        await self.step("set sysctl")
        if path.startswith("net/ipv6/conf/") and path not in self.sysctls:
            raise unavailable(f"there is no {path}")
        self.sysctls[path] = value
        if path == "net/ipv4/ip_forward":
            self.sysctls["net/ipv4/conf/all/accept_redirects"] = "0" if value == "1" else "1"
        await self.step("sysctl set")

    async def load_rules(self, commands: Sequence[Command]) -> None:
        await self.step("load rules")
        self.rules = read_rules([each["add"] for each in commands if "add" in each])
        await self.step("rules loaded")

    async def remove_rules(self) -> None:
        await self.step("remove rules")
        self.rules = None
        await self.step("rules removed")

    def files(self, network: str) -> ServiceFiles:
        return ServiceFiles(f"/run/{network}/dnsmasq.conf", f"/run/{network}/hosts", f"/var/{network}.leases")

    async def start_service(self, network: str, config: str) -> None:
        await self.step("start service")
        self.services[network] = config
        await self.step("service started")

    async def stop_service(self, network: str) -> None:
        await self.step("stop service")
        self.services.pop(network, None)
        await self.step("service stopped")

    async def forget_service(self, network: str) -> None:
        await self.step("forget service")
        self.names.pop(network, None)
        await self.step("service forgotten")

    async def tell_names(self, network: str, lines: str) -> None:
        await self.step("tell names")
        self.names[network] = lines
