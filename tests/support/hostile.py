"""What a hostile guest may try, and from which level of `filter=` on it is dropped; what guests need, which passes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.frames import (
    ALL_NODES,
    ARP,
    BROADCAST,
    IPV4,
    IPV6,
    IPX,
    NA,
    NS,
    QINQ,
    RA,
    RARP,
    REDIRECT,
    REPLY,
    REQUEST,
    VLAN,
    arp,
    ether,
    first_fragment,
    icmpv6,
    ipv4,
    ipv6,
    mac_bytes,
    neighbour,
    options,
    tagged,
    udp,
)

from xenia.model.vif import VifFilter

NONE = "0.0.0.0"  # noqa: S104
MAC, OTHER_MAC = "00:16:3e:00:00:01", "00:16:3e:00:00:99"
IP, OTHER_IP, GATEWAY = "10.9.0.2", "10.9.0.3", "10.9.0.1"
IP6, OTHER_IP6, GATEWAY6 = "fd00::2", "fd00::3", "fe80::1"
LINK_LOCAL = "fe80::216:3eff:fe00:1"
"""That of MAC."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`dropped_at` is the least level that drops it; None: it always passes."""

    what: str
    frame: bytes
    dropped_at: VifFilter | None = None


def _arp(operation: int, mac: str, address: str, asked: str, source: str = MAC) -> bytes:
    return ether(source, BROADCAST, ARP, arp(operation, mac, address, asked))


def _ip(source: str, target: str, protocol: int, payload: bytes, *, more: bool = False) -> bytes:
    return ether(MAC, BROADCAST, IPV4, ipv4(source, target, protocol, payload, more=more))


def _ip6(source: str, payload: bytes, protocol: int = 58, target: str = "ff02::1") -> bytes:
    return ether(MAC, ALL_NODES, IPV6, ipv6(source, target, protocol, payload))


_RA = icmpv6(RA, bytes(12))


def _discover(mac: str, length: int | None = None) -> bytes:
    """The beginning of a DHCPDISCOVER of the card `mac` (RFC 2131, figure 1); its first fragment, of that `length`."""
    asked = udp(68, 67, b"\x01\x01\x06" + bytes(25) + mac_bytes(mac) + bytes(206))
    return _ip(NONE, "255.255.255.255", 17, asked[:length], more=length is not None)


ATTEMPTS = (
    Attempt(
        "sends under another hardware address",
        ether(OTHER_MAC, BROADCAST, IPV4, ipv4(IP, GATEWAY, 17, udp(9, 9, bytes(30)))),
        VifFilter.MAC,
    ),
    Attempt(
        "says by ARP that its address is at another's hardware address",
        _arp(REPLY, OTHER_MAC, IP, GATEWAY),
        VifFilter.MAC,
    ),
    Attempt(
        "wants to be the root of the spanning tree",
        ether(MAC, "01:80:c2:00:00:00", 38, bytes.fromhex("424203") + bytes(35)),
        VifFilter.MAC,
    ),
    Attempt(
        "answers as a DHCP server",
        _ip(IP, "255.255.255.255", 17, udp(67, 68, bytes(240))),
        VifFilter.CLIENT,
    ),
    Attempt(
        "answers as a DHCP server from another port",
        _ip(IP, "255.255.255.255", 17, udp(9, 68, bytes(240))),
        VifFilter.CLIENT,
    ),
    Attempt("asks for a lease in the name of another card", _discover(OTHER_MAC), VifFilter.CLIENT),
    Attempt(
        "the same in fragments, of which the second has the name",
        _discover(OTHER_MAC, 32),
        VifFilter.CLIENT,
    ),
    Attempt(
        "redirects others to itself (ICMP)",
        _ip(IP, OTHER_IP, 1, b"\x05\x01" + bytes(30)),
        VifFilter.CLIENT,
    ),
    Attempt("advertises itself as an IPv6 router", _ip6(LINK_LOCAL, _RA), VifFilter.CLIENT),
    Attempt(
        "the same behind an extension header",
        _ip6(LINK_LOCAL, options(58, _RA), protocol=60),
        VifFilter.CLIENT,
    ),
    Attempt(
        "the same in fragments, of which the second tells what it is",
        _ip6(LINK_LOCAL, first_fragment(60, options(58, b"")), protocol=44),
        VifFilter.CLIENT,
    ),
    Attempt("the same in a VLAN tag", tagged(_ip6(LINK_LOCAL, _RA), VLAN), VifFilter.CLIENT),
    Attempt("redirects others to itself (ICMPv6)", _ip6(LINK_LOCAL, icmpv6(REDIRECT, bytes(36))), VifFilter.CLIENT),
    Attempt(
        "answers as a DHCPv6 server",
        _ip6(LINK_LOCAL, udp(547, 546, bytes(20)), protocol=17),
        VifFilter.CLIENT,
    ),
    Attempt("hides ARP in two VLAN tags", tagged(_arp(REPLY, OTHER_MAC, GATEWAY, IP), QINQ, VLAN), VifFilter.MAC),
    Attempt("claims the gateway's address unasked (ARP)", _arp(REQUEST, MAC, GATEWAY, GATEWAY), VifFilter.ADDRESS),
    Attempt("answers for the gateway (ARP)", _arp(REPLY, MAC, GATEWAY, OTHER_IP), VifFilter.ADDRESS),
    Attempt("the same in a VLAN tag (ARP)", tagged(_arp(REPLY, MAC, GATEWAY, OTHER_IP), VLAN), VifFilter.ADDRESS),
    Attempt("speaks TCP from another's IPv4 address", _ip(OTHER_IP, GATEWAY, 6, bytes(30)), VifFilter.ADDRESS),
    Attempt("sends from another's IPv4 address", _ip(OTHER_IP, GATEWAY, 17, udp(9, 9, bytes(30))), VifFilter.ADDRESS),
    Attempt(
        "answers for the gateway (neighbour discovery)",
        _ip6(LINK_LOCAL, neighbour(NA, GATEWAY6, MAC)),
        VifFilter.ADDRESS,
    ),
    Attempt(
        "answers for another's IPv6 address",
        _ip6(IP6, neighbour(NA, OTHER_IP6, MAC)),
        VifFilter.ADDRESS,
    ),
    Attempt(
        "answers in fragments, of which the second has the address",
        _ip6(IP6, first_fragment(58, neighbour(NA, OTHER_IP6, MAC)[:8]), protocol=44),
        VifFilter.CLIENT,
    ),
    Attempt("sends from another's IPv6 address", _ip6(OTHER_IP6, udp(9, 9, bytes(30)), protocol=17), VifFilter.ADDRESS),
    Attempt("speaks TCP from another's IPv6 address", _ip6(OTHER_IP6, bytes(30), protocol=6), VifFilter.ADDRESS),
    Attempt("sends from the gateway's IPv6 address", _ip6(GATEWAY6, neighbour(NS, IP6, MAC)), VifFilter.ADDRESS),
    Attempt("speaks another protocol (IPX)", ether(MAC, BROADCAST, IPX, bytes(46)), VifFilter.ADDRESS),
)

RIGHTS = (
    Attempt("asks by ARP", _arp(REQUEST, MAC, IP, GATEWAY)),
    Attempt("looks whether an address is free (ARP)", _arp(REQUEST, MAC, NONE, IP)),
    Attempt("asks for a lease", _discover(MAC)),
    Attempt("speaks TCP from its IPv4 address", _ip(IP, GATEWAY, 6, bytes(30))),
    Attempt("speaks TCP from its IPv6 address", _ip6(IP6, bytes(30), protocol=6)),
    Attempt("sends from its IPv4 address", _ip(IP, GATEWAY, 17, udp(9, 9, bytes(30)))),
    Attempt("sends from its IPv6 address", _ip6(IP6, udp(9, 9, bytes(30)), protocol=17)),
    Attempt("sends in fragments (IPv4)", _ip(IP, GATEWAY, 17, udp(9, 9, bytes(32)), more=True)),
    Attempt("sends in fragments (IPv6)", _ip6(IP6, first_fragment(17, udp(9, 9, bytes(32))), protocol=44)),
    Attempt("looks whether an address is free (neighbour discovery)", _ip6("::", neighbour(NS, IP6, MAC)[:24])),
    Attempt("asks for neighbours", _ip6(LINK_LOCAL, neighbour(NS, GATEWAY6, MAC))),
    Attempt("answers for its own IPv6 address", _ip6(IP6, neighbour(NA, IP6, MAC))),
    Attempt("answers for its link-local address", _ip6(LINK_LOCAL, neighbour(NA, LINK_LOCAL, MAC))),
    Attempt("asks for routers", _ip6(LINK_LOCAL, icmpv6(133, bytes(4)), target="ff02::2")),
    Attempt("asks for a DHCPv6 lease", _ip6(LINK_LOCAL, udp(546, 547, bytes(20)), protocol=17, target="ff02::1:2")),
    Attempt("is announced after a migration", ether(MAC, BROADCAST, RARP, arp(3, MAC, NONE, NONE))),
)

MARKER = ether(MAC, BROADCAST, ARP, arp(REQUEST, MAC, IP, IP) + mac_bytes(MAC) * 3)
"""Passes everywhere, and is none of the others: what was sent before it has arrived before it, or never will."""
