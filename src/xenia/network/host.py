"""The seam between networks and the host: what they see of it, and what they do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from xenia.model.address import Neighbour
from xenia.model.network import Lease
from xenia.network.dnsmasq_config import ServiceFiles
from xenia.network.nft import Command

SWITCH = "openvswitch bridge"
"""The kind of a bridge of Open vSwitch. To the kernel it is one of the ports that Open vSwitch has itself."""


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface. `kind` is the kernel's word (`bridge`, `vlan`, `tun`) or SWITCH, "" for a card. `addresses`
    have their prefix (`10.20.0.1/24`) and are global ones. `master` is the bridge or bond that it is a port of;
    `parent` and `vlan` are what a VLAN is on, and its number. An `isolated` port of a bridge reaches only those that
    are not. `link_local` are addresses that reach no further than the wire.
    """

    name: str
    index: int
    kind: str = ""
    up: bool = False
    mtu: int = 1500
    addresses: tuple[str, ...] = ()
    master: str = ""
    parent: str = ""
    vlan: int = 0
    isolated: bool = False
    link_local: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """`network` is reached by `interface`; the default route is none of them."""

    network: str
    interface: str


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of the host that a process has. `address` may be 0.0.0.0 or ::; `program` is "" where it is not known."""

    protocol: str
    address: str
    port: int
    program: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Our table of the packet filter, as far as it is looked at: the name of its content, and how many rules it has."""

    digest: str
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The host at one moment. `services` is the configuration of each dnsmasq of ours that runs, by network; `rules` is
    None where there is no table of ours; `accept_ra` tells of each interface what it does with router advertisements
    (net/ipv6/conf/NAME/accept_ra), and is empty in a kernel without IPv6. `proxied` are interface and address of those
    that the host answers for, `outlet` is the interface that its default route leads to, "" for none.
    """

    links: Mapping[str, Link]
    routes: Sequence[Route]
    listeners: Sequence[Listener]
    services: Mapping[str, str]
    rules: Rules | None
    accept_ra: Mapping[str, str]
    proxied: Set[tuple[str, str]] = frozenset()
    outlet: str = ""


class NetworkHost(Protocol):
    """The coroutines raise XeniaError when the host does not do as it is asked."""

    def refuse(self) -> None:
        """Raises what speaks against networks on this host at all."""

    async def see(self, ports: Sequence[int] = (), *, rules: bool = True) -> Seen:
        """All of it, in one look; listeners of these ports only, and our rules only where they are asked for: that
        costs a process.
        """

    async def links(self) -> Mapping[str, Link]: ...

    async def neighbours(self) -> Sequence[Neighbour]:
        """Whom the host has spoken with lately."""

    def has(self, interface: str) -> bool:
        """Whether there is an interface of that name; takes no time."""

    def watch(self) -> None:
        """From here on `changed` and `leased` tell of what happens."""

    async def changed(self) -> None:
        """Returns when something of what networks need may have changed since the last call."""

    def close(self) -> None:
        """Watch no more."""

    def leases(self, network: str) -> tuple[Lease, ...]:
        """What its dnsmasq has leased, expired leases too; takes no time."""

    async def leased(self) -> None:
        """Returns when something may have been leased since the last call."""

    def files(self, network: str) -> ServiceFiles:
        """Where its dnsmasq has its files."""

    async def add_bridge(self, name: str) -> None:
        """A new bridge without ports, not switched on."""

    async def add_vlan(self, name: str, parent: str, vlan: int) -> None:
        """A new interface for a VLAN on another one, not switched on."""

    async def remove_link(self, name: str) -> None:
        """Silent when there is none."""

    async def set_link(self, name: str, *, up: bool | None = None, mtu: int = 0, master: str | None = None) -> None:
        """`master` "" makes it a port of nothing."""

    async def isolate(self, port: str, *, isolated: bool) -> None:
        """Keep a port of a bridge from the other isolated ones, or not; silent when there is none."""

    async def add_address(self, interface: str, address: str) -> None:
        """`address` has its prefix. It can be used at once."""

    async def remove_address(self, interface: str, address: str) -> None:
        """Silent when it is not there."""

    async def add_route(self, network: str, interface: str, *, source: str, metric: int) -> None:
        """`source` "" leaves it to the kernel as what the host speaks. Raises a conflict where another interface has
        it.
        """

    async def remove_route(self, network: str, interface: str, *, metric: int) -> None:
        """Silent when it is not there."""

    async def set_proxied(self, interface: str, ip: str, *, proxied: bool) -> None:
        """Answer there for an address that others have, or not; it may be so already."""

    def sysctl(self, path: str) -> str | None:
        """What /proc/sys has at `path` (`net/ipv4/ip_forward`); None for nothing."""

    async def set_sysctl(self, path: str, value: str) -> None: ...

    async def load_rules(self, commands: Sequence[Command]) -> None:
        """In one transaction."""

    async def remove_rules(self) -> None:
        """Our table; silent when there is none."""

    async def start_service(self, network: str, config: str) -> None:
        """Start dnsmasq with this configuration in the place of the one that runs for that network."""

    async def stop_service(self, network: str) -> None:
        """Silent when none runs. What it has leased is kept."""

    async def forget_service(self, network: str) -> None:
        """Remove also what it has leased."""

    async def tell_names(self, network: str, lines: str) -> None:
        """The cards that its dnsmasq knows, by lines of --dhcp-hostsfile; nothing is done when they are the same."""
