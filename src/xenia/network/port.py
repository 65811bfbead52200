"""The host's end of a card, and what its guest may send there: as a chain of nftables.

The chain is at the ingress of the interface (family netdev): before a bridge, Open vSwitch or routing sees a frame. So
it is the same for all of them, it costs other interfaces nothing, and a card more does not slow the others. The kernel
has taken the outer VLAN tag off by then: rules for ARP and IP look into frames with one tag as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xenia.model.vif import Vif, VifFilter, read_rate
from xenia.network.addresses import Network, link_local_of, networks_of
from xenia.network.nft import TABLE, Command

FAMILY = "netdev"

_PRIORITY = -500
"""Before whatever others have there."""
_RESERVED = {"range": ["01:80:c2:00:00:00", "01:80:c2:00:00:0f"]}
"""What bridges keep to themselves: spanning tree, link aggregation, pause frames (IEEE 802.1Q, table 8-1)."""
_NEIGHBOUR = {"payload": {"base": "th", "offset": 64, "len": 128}}
"""The address that a neighbour advertisement is about (RFC 4861, section 4.4), for which nft 1.0.6 has no word."""
_RARP = 0x8035
"""QEMU announces a guest with it after a migration."""
_DHCP_CLIENT, _DHCPV6_CLIENT = 68, 546
_LEAST_BURST = 128 << 10
"""Bytes: a guest with segmentation offload sends up to 64 KiB in one."""

_LEVELS = tuple(VifFilter)


@dataclass(frozen=True, slots=True)
class Port:
    """`interface` is the host's end of `vif`, whose address is `mac`; `leases` are the IP addresses that it was given.
    `limited`: its rate is kept to here, and not by what has made the interface.
    """

    interface: str
    mac: str
    vif: Vif
    leases: tuple[str, ...] = ()
    limited: bool = True

    @property
    def insists(self) -> bool:
        """Whether it must not be without its rules."""
        return self.vif.filter not in (None, VifFilter.OFF)

    @property
    def _rate(self) -> tuple[int, int] | None:
        return read_rate(self.vif.rate or "") if self.limited else None

    def add(self) -> list[Command]:
        """What makes the chain, which must not be there; nothing where it would have no rule."""
        drops = list(self._drops())
        if not drops:
            return []
        base = {"type": "filter", "hook": "ingress", "dev": self.interface, "prio": _PRIORITY, "policy": "accept"}
        rule = {"family": FAMILY, "table": TABLE, "chain": self.interface}
        return [
            {"add": {"table": {"family": FAMILY, "name": TABLE}}},
            {"create": {"chain": _chain(self.interface) | base}},
            *({"add": {"rule": rule | {"expr": [*match, {"drop": None}]}}} for match in drops),
        ]

    def _drops(self) -> Iterator[list[dict[str, Any]]]:
        """What is dropped, each in the words of a rule."""
        addresses = (*self.vif.ip, *self.leases)
        known = {version: networks_of(addresses, version) for version in (4, 6)}
        strict = self.vif.filter is VifFilter.ADDRESS
        level = _LEVELS.index(self.vif.filter or (VifFilter.ADDRESS if any(known.values()) else VifFilter.CLIENT))
        counter: dict[str, Any] = {"counter": None}
        if level >= _LEVELS.index(VifFilter.MAC):
            yield from ([*match, counter] for match in self._foreign_macs())
        if level >= _LEVELS.index(VifFilter.CLIENT):
            yield from ([*match, counter] for match in _SERVERS)
        if level >= _LEVELS.index(VifFilter.ADDRESS):
            if known[4] or strict:
                yield from ([*match, counter] for match in _foreign_ipv4(known[4]))
            if known[6] or strict:
                yield from ([*match, counter] for match in self._foreign_ipv6(known[6]))
            if strict:
                yield [_meta("protocol", "!=", {"set": ["arp", "ip", "ip6", _RARP]}), counter]
        if self._rate is not None:
            yield [_over(*self._rate)]

    def _foreign_macs(self) -> Iterator[list[dict[str, Any]]]:
        yield [_is("ether", "saddr", "!=", self.mac)]
        yield [_is("ether", "daddr", "==", _RESERVED)]
        yield [_meta("protocol", "==", "arp"), _is("arp", "saddr ether", "!=", self.mac)]

    def _foreign_ipv6(self, known: list[Network]) -> Iterator[list[dict[str, Any]]]:
        """`::` is the source while an address is looked for (RFC 4862)."""
        own = networks_of([*map(str, known), str(link_local_of(self.mac))], 6)
        sources = {"set": ["::", *map(_element, own)]}
        yield [_meta("protocol", "==", "ip6"), _is("ip6", "saddr", "!=", sources)]
        target = {"match": {"op": "!=", "left": _NEIGHBOUR, "right": {"set": [*map(_range, own)]}}}
        yield [_is("icmpv6", "type", "==", "nd-neighbor-advert"), target]


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


_SERVERS = (
    [_meta("protocol", "==", "ip"), _is("udp", "dport", "==", _DHCP_CLIENT)],
    [_meta("protocol", "==", "ip"), _is("icmp", "type", "==", "redirect")],
    [_meta("protocol", "==", "ip6"), _is("udp", "dport", "==", _DHCPV6_CLIENT)],
    [_is("icmpv6", "type", "==", {"set": ["nd-router-advert", "nd-redirect"]})],
    [_meta("protocol", "==", {"set": ["8021q", "8021ad"]})],
)
