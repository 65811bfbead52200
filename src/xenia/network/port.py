"""The host's end of a card, and what its guest may send there: as a chain of nftables.

The chain is at the ingress of the interface (family netdev): before a bridge, Open vSwitch or routing sees a frame. So
it is the same for all of them, it costs other interfaces nothing, and a card more does not slow the others. The kernel
has taken the outer VLAN tag off by then: rules for ARP and IP look into frames with one tag as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xenia.model.vif import Vif, VifFilter, Way, read_rate
from xenia.model.vlan import read_switch
from xenia.network.addresses import Network, link_local_of, networks_of
from xenia.network.nft import TABLE, Command

FAMILY = "netdev"

_PRIORITY = -500
"""Before whatever others have there."""
_RESERVED = {"range": ["01:80:c2:00:00:00", "01:80:c2:00:00:0f"]}
"""What bridges keep to themselves: spanning tree, link aggregation, pause frames (IEEE 802.1Q, table 8-1)."""
_NEIGHBOUR = {"payload": {"base": "th", "offset": 64, "len": 128}}
"""The address that a neighbour advertisement is about (RFC 4861, section 4.4), for which nft 1.0.6 has no word."""
_HARDWARE = {"payload": {"base": "th", "offset": 288, "len": 48}}
"""The hardware address of who asks for a lease (`chaddr`: RFC 2131, figure 1), behind the head of UDP."""
_RARP = 0x8035
"""QEMU announces a guest with it after a migration."""
_DHCP_SERVER, _DHCP_CLIENT, _DHCPV6_CLIENT = 67, 68, 546
_LEAST_BURST = 128 << 10
"""Bytes: a guest with segmentation offload sends up to 64 KiB in one."""

_LEVELS = tuple(VifFilter)
_DROP: dict[str, Any] = {"drop": None}


@dataclass(frozen=True, slots=True)
class KnownAddresses:
    """What is known of the IP addresses of a card beside its guest file: `leases` that it was given, and `reserved`
    those that no guest may have, the host's own on that network.
    """

    leases: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """`interface` is the host's end of `vif`, whose address is `mac`. `limited`: its rate is kept to here, and not by
    what has made the interface.
    """

    interface: str
    mac: str
    vif: Vif
    known: KnownAddresses = KnownAddresses()
    limited: bool = True

    @property
    def insists(self) -> bool:
        """Whether it must not be without its rules."""
        return self.vif.filter not in (None, VifFilter.OFF)

    @property
    def rules(self) -> int:
        """How many its chain has."""
        return sum("rule" in command.get("add", {}) for command in self.add())

    @property
    def _rate(self) -> tuple[int, int] | None:
        return read_rate(self.vif.rate or "") if self.limited else None

    def add(self) -> list[Command]:
        """What makes the chain, which must not be there; nothing where it would have no rule."""
        rules = list(self._rules())
        if not rules:
            return []
        base = {"type": "filter", "hook": "ingress", "dev": self.interface, "prio": _PRIORITY, "policy": "accept"}
        rule = {"family": FAMILY, "table": TABLE, "chain": self.interface}
        return [
            {"add": {"table": {"family": FAMILY, "name": TABLE}}},
            {"create": {"chain": _chain(self.interface) | base}},
            *({"add": {"rule": rule | {"expr": expressions}}} for expressions in rules),
        ]

    def _rules(self) -> Iterator[list[dict[str, Any]]]:
        """The expressions of each rule. What nearly all frames are is let pass early: every rule costs each of them."""
        addresses = (*self.vif.ip, *self.known.leases)
        known = {version: networks_of(addresses, version) for version in (4, 6)}
        strict = self.vif.filter is VifFilter.ADDRESS
        level = _LEVELS.index(self.vif.filter or (VifFilter.ADDRESS if any(known.values()) else VifFilter.CLIENT))
        if level >= _LEVELS.index(VifFilter.MAC):
            yield from map(_dropped, self._foreign_macs())
        if level == _LEVELS.index(VifFilter.MAC) or (level == 0 and self._in_vlans):
            yield _dropped(_TWO_TAGS)
        if self._rate is not None:
            yield [_over(*self._rate), _DROP]
        if level < _LEVELS.index(VifFilter.CLIENT):
            return
        whole = strict or self.vif.way is Way.ROUTE  # no other address is routed to it
        bound = {version for version in (4, 6) if whole or known[version]} if level == len(_LEVELS) - 1 else set()
        own = {4: known[4], 6: networks_of([*map(str, known[6]), str(link_local_of(self.mac))], 6)}
        reserved = {version: networks_of(self.known.reserved, version) for version in (4, 6)}
        for version in (4, 6):
            if version not in bound:
                yield _tcp(version, "!=", reserved[version])
            elif own[version]:
                yield _tcp(version, "==", own[version])
        yield from map(_dropped, (*_SERVERS, *_HIDDEN, self._foreign_lease()))
        if 4 in bound:
            yield from map(_dropped, _foreign_ipv4(own[4]))
        elif reserved[4]:
            yield from map(_dropped, _reserved_ipv4(reserved[4]))
        if 6 in bound:
            yield from map(_dropped, _foreign_ipv6(own[6]))
        elif reserved[6]:
            yield from map(_dropped, _reserved_ipv6(reserved[6]))
        if strict:
            yield _dropped([_meta("protocol", "!=", {"set": ["arp", "ip", "ip6", _RARP]})])

    @property
    def _in_vlans(self) -> bool:
        """Whether it is kept to VLANs: what is in two tags would come out of one of them where that has no tag."""
        return bool(self.vif.vlan) or read_switch(self.vif.bridge or "") is not None

    def _foreign_lease(self) -> list[dict[str, Any]]:
        """Asking for a lease in the name of another card: what is leased tells which addresses a card may have."""
        other = {"match": {"op": "!=", "left": _HARDWARE, "right": int(self.mac.replace(":", ""), 16)}}
        return [_meta("protocol", "==", "ip"), _is("udp", "dport", "==", _DHCP_SERVER), other]

    def _foreign_macs(self) -> Iterator[list[dict[str, Any]]]:
        yield [_is("ether", "saddr", "!=", self.mac)]
        yield [_is("ether", "daddr", "==", _RESERVED)]
        yield [_meta("protocol", "==", "arp"), _is("arp", "saddr ether", "!=", self.mac)]


def remove(interface: str) -> list[Command]:
    """What removes the chain of an interface, if it is there; some kernels do so with the interface."""
    chain = _chain(interface)
    table = {"family": FAMILY, "name": TABLE}
    return [{"add": {"table": table}}, {"add": {"chain": chain}}, {"delete": {"chain": chain}}]


def _chain(interface: str) -> dict[str, Any]:
    return {"family": FAMILY, "table": TABLE, "name": interface}


def _foreign_ipv4(known: list[Network]) -> Iterator[list[dict[str, Any]]]:
    """0.0.0.0 is the sender of a guest that looks for an address (RFC 2131, RFC 5227)."""
    own = {"set": ["0.0.0.0", *map(_element, known)]}  # noqa: S104
    yield [_meta("protocol", "==", "arp"), _is("arp", "saddr ip", "!=", own)]
    yield [_meta("protocol", "==", "ip"), _is("ip", "saddr", "!=", own)]


def _foreign_ipv6(own: list[Network]) -> Iterator[list[dict[str, Any]]]:
    """`::` is the source while an address is looked for (RFC 4862)."""
    sources = {"set": ["::", *map(_element, own)]}
    yield [_meta("protocol", "==", "ip6"), _is("ip6", "saddr", "!=", sources)]
    target = {"match": {"op": "!=", "left": _NEIGHBOUR, "right": {"set": [*map(_range, own)]}}}
    yield [_is("icmpv6", "type", "==", "nd-neighbor-advert"), target]


def _reserved_ipv4(reserved: list[Network]) -> Iterator[list[dict[str, Any]]]:
    those = {"set": [*map(_element, reserved)]}
    yield [_meta("protocol", "==", "arp"), _is("arp", "saddr ip", "==", those)]
    yield [_meta("protocol", "==", "ip"), _is("ip", "saddr", "==", those)]


def _reserved_ipv6(reserved: list[Network]) -> Iterator[list[dict[str, Any]]]:
    yield [_meta("protocol", "==", "ip6"), _is("ip6", "saddr", "==", {"set": [*map(_element, reserved)]})]
    target = {"match": {"op": "==", "left": _NEIGHBOUR, "right": {"set": [*map(_range, reserved)]}}}
    yield [_is("icmpv6", "type", "==", "nd-neighbor-advert"), target]


def _tcp(version: int, operator: str, addresses: Sequence[Network]) -> list[dict[str, Any]]:
    """Lets pass TCP, of which the later rules ask nothing but its sender: one of `addresses` (==), or none of them
    (!=). Of IPv6 only what has no extension headers.
    """
    protocol, field = ("ip", "protocol") if version == 4 else ("ip6", "nexthdr")
    senders = [_is(protocol, "saddr", operator, {"set": [*map(_element, addresses)]})] if addresses else []
    return [_meta("protocol", "==", protocol), *senders, _is(protocol, field, "==", "tcp"), {"accept": None}]


def _dropped(match: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A rule that drops what matches, and counts it."""
    return [*match, {"counter": None}, _DROP]


def _element(network: Network) -> Any:
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}


def _range(network: Network) -> Any:
    """The same as numbers of 128 bits, which JSON has no room for."""
    return {"range": [f"{int(network[0]):#034x}", f"{int(network[-1]):#034x}"]}


def _over(bytes_per_second: int, microseconds: int) -> dict[str, Any]:
    """What is more than the rate; in one go a card may have what it saves up between two credits."""
    burst = max(bytes_per_second * microseconds // 1_000_000, _LEAST_BURST)
    rate = {"rate": bytes_per_second, "rate_unit": "bytes", "per": "second"}
    return {"limit": {**rate, "burst": burst, "burst_unit": "bytes", "inv": True}}


def _is(protocol: str, field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"match": {"op": operator, "left": {"payload": {"protocol": protocol, "field": field}}, "right": value}}


def _meta(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"match": {"op": operator, "left": {"meta": {"key": key}}, "right": value}}


def _fragmented(what: Any) -> dict[str, Any]:
    """An IPv6 fragment of what begins with the header `what`."""
    return {"match": {"op": "==", "left": {"exthdr": {"name": "frag", "field": "nexthdr"}}, "right": what}}


_TWO_TAGS = [_meta("protocol", "==", {"set": ["8021q", "8021ad"]})]
"""What is left of a frame in two tags, or more, when the outer one is taken off."""
_SERVERS = (
    [_meta("protocol", "==", "ip"), _is("udp", "dport", "==", _DHCP_CLIENT)],
    [_meta("protocol", "==", "ip"), _is("icmp", "type", "==", "redirect")],
    [_meta("protocol", "==", "ip6"), _is("udp", "dport", "==", _DHCPV6_CLIENT)],
    [_is("icmpv6", "type", "==", {"set": ["nd-router-advert", "nd-redirect"]})],
    _TWO_TAGS,
)
_FIRST = {
    "match": {"op": "!=", "left": {"&": [{"payload": {"protocol": "ip", "field": "frag-off"}}, 0x2000]}, "right": 0}
}
"""More fragments follow; only in the first one there is a head of UDP."""
_HIDDEN = (
    [_meta("protocol", "==", "ip"), _is("udp", "dport", "==", _DHCP_SERVER), _FIRST],
    [_meta("protocol", "==", "ip6"), _fragmented({"set": [0, 43, 44, 60]})],
    [_meta("protocol", "==", "ip6"), _fragmented(58), _is("icmpv6", "type", "==", {"range": [133, 137]})],
)
"""What would be told by the second fragment only: the card that asks for a lease; behind extension headers, all (RFC
7112); the address of neighbour discovery, which nobody may send in fragments (RFC 6980).
"""
