"""Networks that guests are put on: what one is meant to be (`etc/xen/networks/NAME.toml`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface, ip_interface


class Mode(StrEnum):
    BRIDGE = "bridge"
    """Guests are on the same wire as what else is on the bridge; addresses come from there."""
    ISOLATED = "isolated"
    """Guests reach each other, and of the host only DHCP, DNS and echo."""
    NAT = "nat"
    """Guests reach out under the host's address."""
    ROUTED = "routed"
    """Guests reach out under their own addresses; the host is their router."""


class Protocol(StrEnum):
    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Subnet:
    """`address` is the host's own in it, with the length of its prefix: `10.20.0.1/24`, `fd00:20::1/64`. `first` and
    `last` bound what DHCP gives; both are "" where it gives none.
    """

    address: str
    first: str = ""
    last: str = ""

    @property
    def host(self) -> IPv4Interface | IPv6Interface:
        return ip_interface(self.address)

    @property
    def slaac(self) -> bool:
        """Whether guests make themselves addresses of it (RFC 4862): what DHCP gives is not all that they have."""
        return self.host.version == 6 and self.host.network.prefixlen == 64

    @property
    def network(self) -> str:
        """As `10.20.0.0/24`."""
        return str(self.host.network)


@dataclass(frozen=True, slots=True)
class FixedLease:
    """The card `mac` (lower case) gets the address `ip`. `name` is what DNS calls it; "" for the name of its domain."""

    mac: str
    ip: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """What reaches the ports `first` to `last` of the host goes to `ip` in the network: one port to the port `to`,
    several to the same ones. `address` is that of the host which it is for; "" for each.
    """

    protocol: Protocol
    first: int
    last: int
    ip: str
    to: int
    address: str = ""

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} port {ports}"


@dataclass(frozen=True, slots=True)
class Network:
    """One definition.

    `bridge` is its bridge on the host. `interface` is the card of the host behind it: a port of the bridge in the mode
    bridge (with `vlan`, not the card itself but that VLAN on it), the only way out in the modes nat and routed; "" for
    no port, or for any way. `mtu` is in bytes, 0 for the kernel's own choice. `domain` is the DNS domain of the guests,
    which may be "". `isolate` keeps the guests from each other. `proxy` has the host answer on `interface` for the
    addresses of guests, whose subnet may be that of `interface` then. `openvswitch`: the bridge is one of Open vSwitch,
    which is used and never made; its guests are in the VLAN `vlan`, if that is not 0.
    """

    name: str
    mode: Mode
    bridge: str
    interface: str = ""
    vlan: int = 0
    mtu: int = 0
    ipv4: Subnet | None = None
    ipv6: Subnet | None = None
    domain: str = ""
    leases: tuple[FixedLease, ...] = ()
    forwards: tuple[Forward, ...] = ()
    isolate: bool = False
    proxy: bool = False
    openvswitch: bool = False

    @property
    def subnets(self) -> tuple[Subnet, ...]:
        return tuple(each for each in (self.ipv4, self.ipv6) if each is not None)

    @property
    def forwarding(self) -> bool:
        """Whether the host is a router for it."""
        return self.mode in (Mode.NAT, Mode.ROUTED)

    @property
    def port(self) -> str:
        """The interface that is to be a port of the bridge, "" for none."""
        if self.mode is not Mode.BRIDGE or not self.interface:
            return ""
        return vlan_interface(self.interface, self.vlan) if self.vlan else self.interface


def vlan_interface(interface: str, vlan: int) -> str:
    """The name of a VLAN on a card, as everybody writes it: `eth1.12`."""
    return f"{interface}.{vlan}"


class NetworkState(StrEnum):
    UP = "up"
    CHANGED = "changed"
    """Its definition was edited since it was applied, or is not applied yet."""
    FAILED = "failed"
    """It could not be applied."""
    INVALID = "invalid"
    """Its definition cannot be read. What was applied of an earlier one holds."""
    GONE = "gone"
    """Its definition was removed; what was applied of it holds until the next apply."""


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A network as it is told of. `network` is its definition, or what was applied of it, where there is one; `problem`
    says why it is not up. `guests` are the domains that run on it.
    """

    name: str
    file: str
    state: NetworkState
    network: Network | None = None
    problem: str = ""
    guests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherBridge:
    """A bridge of the host that belongs to no network: it is used as it is."""

    name: str
    guests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """An address that DHCP has given to a card. `until` is in seconds since the epoch, 0 for ever; `mac` is "" where a
    guest has not told it (DHCPv6), `name` what DNS calls it.
    """

    ip: str
    mac: str = ""
    name: str = ""
    until: float = 0.0

    def holds(self, now: float) -> bool:
        """Whether it is still the card's at `now`, in seconds since the epoch."""
        return not self.until or now < self.until
