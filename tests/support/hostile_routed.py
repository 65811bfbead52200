"""What a hostile guest may try on a card that the host routes to, and from which level of `filter=` it is dropped."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from tests.support.frames import (
    ALL_NODES,
    ARP,
    BROADCAST,
    IPV4,
    IPV6,
    IPX,
    NA,
    RA,
    REDIRECT,
    REPLY,
    REQUEST,
    VLAN,
    arp,
    checksum,
    ether,
    ipv4,
    ipv6,
    mac_bytes,
    options,
    tagged,
    udp,
)
from tests.support.hostile import OTHER_MAC

from xenia.model.vif import VifFilter
from xenia.network.addresses import link_local_of
from xenia.network.tap import PORT_MAC

TCP, UDP, ICMP, ICMPV6, DESTINATION_OPTIONS = 6, 17, 1, 58, 60
ALL_DHCP, ALL_HOSTS = "255.255.255.255", "ff02::1"
PREFIX = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 7200, 7200, 0, ip_address("2001:db8:bad::").packed)
"""What a router's advertisement tells of a prefix (RFC 4861, section 4.6.2)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is: the guest that sends, or the one who is to be harmed."""

    ip: str
    ip6: str
    mac: str = ""

    @property
    def local(self) -> str:
        return str(link_local_of(self.mac))


@dataclass(frozen=True, slots=True)
class Attempt:
    """`frame` has `trace` in it, also when the host has passed it on. `dropped_at` is the least level at which it is
    not passed on; None: it always is; OFF: it never is, for the host itself does not.
    """

    what: str
    frame: bytes
    trace: bytes
    dropped_at: VifFilter | None = None


class Frames:
    """Those of the guest at `own` against `target`; `other` is somebody else's place, and `host` the host's."""

    def __init__(self, own: Place, target: Place, other: Place, host: Place) -> None:
        self._own, self._target, self._other, self._host = own, target, other, host

    def marker(self) -> Attempt:
        """Always passes; what was sent before it has come before it, or never will."""
        return self._made("the end", lambda trace: self._ip(self._own.ip, UDP, udp(9, 9, trace)), None)

    def rights(self) -> list[Attempt]:
        own = self._own
        return [
            self._made("sends from its IPv4 address", lambda t: self._ip(own.ip, UDP, udp(9, 9, t)), None),
            self._made("speaks TCP from its IPv4 address", lambda t: self._ip(own.ip, TCP, bytes(20) + t), None),
            self._made("sends from its IPv6 address", lambda t: self._ip6(own.ip6, UDP, udp(9, 9, t)), None),
            self._made("speaks TCP from its IPv6 address", lambda t: self._ip6(own.ip6, TCP, bytes(20) + t), None),
        ]

    def attempts(self) -> list[Attempt]:
        return [*self._forged(), *self._servers(), *self._to_all()]

    def _forged(self) -> list[Attempt]:
        own, other, host, level = self._own, self._other, self._host, VifFilter.ADDRESS

        def forged(trace: bytes) -> bytes:
            return self._ip(other.ip, UDP, udp(9, 9, trace))

        return [
            self._made(
                "sends under another hardware address",
                lambda t: self._ip(own.ip, UDP, udp(9, 9, t), mac=OTHER_MAC),
                VifFilter.MAC,
            ),
            self._made("sends from another's IPv4 address", forged, level),
            self._made("the same in a tag of no VLAN (priority)", lambda t: tagged(forged(t), VLAN, vlan=0), level),
            self._made("the same in a tag of a VLAN", lambda t: tagged(forged(t), VLAN), VifFilter.OFF),
            self._made(
                "speaks TCP from another's IPv4 address", lambda t: self._ip(other.ip, TCP, bytes(20) + t), level
            ),
            self._made(
                "sends from the host's IPv4 address", lambda t: self._ip(host.ip, UDP, udp(9, 9, t)), VifFilter.OFF
            ),
            self._made("sends from 127.0.0.1", lambda t: self._ip("127.0.0.1", UDP, udp(9, 9, t)), VifFilter.OFF),
            self._made("sends from no IPv4 address", lambda t: self._ip("0.0.0.0", UDP, udp(9, 9, t)), VifFilter.OFF),  # noqa: S104
            self._made("sends from another's IPv6 address", lambda t: self._ip6(other.ip6, UDP, udp(9, 9, t)), level),
            self._made(
                "speaks TCP from another's IPv6 address", lambda t: self._ip6(other.ip6, TCP, bytes(20) + t), level
            ),
            self._made("sends from the host's IPv6 address", lambda t: self._ip6(host.ip6, UDP, udp(9, 9, t)), level),
            self._made(
                "sends from its link-local address", lambda t: self._ip6(own.local, UDP, udp(9, 9, t)), VifFilter.OFF
            ),
            self._made("sends from no IPv6 address", lambda t: self._ip6("::", UDP, udp(9, 9, t)), VifFilter.OFF),
            self._made("has a route of its own in the packet (IPv4)", self._source_routed, VifFilter.OFF),
        ]

    def _servers(self) -> list[Attempt]:
        """Answers that nobody asked for, sent to one only: those a router passes on."""
        own, level = self._own, VifFilter.CLIENT
        return [
            self._made(
                "answers another as a DHCP server", lambda t: self._ip(own.ip, UDP, udp(67, 68, bytes(232) + t)), level
            ),
            self._made(
                "redirects another to itself (ICMP)", lambda t: self._ip(own.ip, ICMP, self._redirect(t)), level
            ),
            self._made(
                "answers another as a DHCPv6 server", lambda t: self._ip6(own.ip6, UDP, udp(547, 546, t)), level
            ),
            self._made(
                "advertises itself to another as an IPv6 router",
                lambda t: self._icmpv6(own.ip6, self._target.ip6, RA, _advertisement(t)),
                level,
            ),
            self._made(
                "the same behind an extension header",
                lambda t: self._ip6(own.ip6, DESTINATION_OPTIONS, options(ICMPV6, self._advertised(t))),
                level,
            ),
            self._made(
                "redirects another to itself (ICMPv6)",
                lambda t: self._icmpv6(own.ip6, self._target.ip6, REDIRECT, bytes(36) + t),
                level,
            ),
        ]

    def _to_all(self) -> list[Attempt]:
        """What is for a whole network, and what no router passes on."""
        own, target, never = self._own, self._target, VifFilter.OFF
        network = ".".join((*target.ip.split(".")[:3], "255"))
        return [
            self._made(
                "sends to all by the hardware address",
                lambda t: self._ip(own.ip, UDP, udp(9, 9, t), to_mac=BROADCAST),
                never,
            ),
            self._made(
                "sends to all of a network of the host",
                lambda t: self._ip(own.ip, UDP, udp(9, 9, t), target=network),
                never,
            ),
            self._made(
                "answers all as a DHCP server",
                lambda t: self._ip(own.ip, UDP, udp(67, 68, bytes(232) + t), target=ALL_DHCP, to_mac=BROADCAST),
                never,
            ),
            self._made(
                "advertises itself to all as an IPv6 router",
                lambda t: self._icmpv6(own.local, ALL_HOSTS, RA, _advertisement(t)),
                never,
            ),
            self._made("says that it has another's IPv4 address (ARP)", self._arp(REPLY, target.ip), never),
            self._made("asks in the name of another's IPv4 address (ARP)", self._arp(REQUEST, target.ip), never),
            self._made("says that it has the host's IPv4 address (ARP)", self._arp(REPLY, self._host.ip), never),
            self._made("says that it has another's IPv6 address", self._neighbour(target.ip6), never),
            self._made("says that it has the host's IPv6 address", self._neighbour(self._host.ip6), never),
            self._made(
                "wants to be the root of the spanning tree",
                lambda t: ether(own.mac, "01:80:c2:00:00:00", 38, bytes.fromhex("424203") + t + bytes(27)),
                never,
            ),
            self._made("speaks another protocol (IPX)", lambda t: ether(own.mac, BROADCAST, IPX, t), never),
        ]

    def _made(self, what: str, frame: Callable[[bytes], bytes], dropped_at: VifFilter | None) -> Attempt:
        own = f"{what} {self._own.mac} {self._target.ip}"
        trace = hashlib.blake2b(own.encode(), digest_size=8).digest()
        return Attempt(what, frame(trace), trace, dropped_at)

    def _ip(
        self, source: str, protocol: int, payload: bytes, *, target: str = "", mac: str = "", to_mac: str = PORT_MAC
    ) -> bytes:
        packet = ipv4(source, target or self._target.ip, protocol, payload)
        return ether(mac or self._own.mac, to_mac, IPV4, packet)

    def _ip6(self, source: str, protocol: int, payload: bytes) -> bytes:
        return ether(self._own.mac, PORT_MAC, IPV6, ipv6(source, self._target.ip6, protocol, payload))

    def _icmpv6(self, source: str, target: str, kind: int, payload: bytes) -> bytes:
        to = ALL_NODES if ip_address(target).is_multicast else PORT_MAC
        packet = ipv6(source, target, ICMPV6, icmpv6(source, target, kind, payload))
        return ether(self._own.mac, to, IPV6, packet)

    def _advertised(self, trace: bytes) -> bytes:
        return icmpv6(self._own.ip6, self._target.ip6, RA, _advertisement(trace))

    def _source_routed(self, trace: bytes) -> bytes:
        """To the host, and from there to the target (RFC 791: loose source and record route)."""
        route = struct.pack("!BBB4sB", 131, 7, 4, socket.inet_aton(self._target.ip), 1)
        plain = ipv4(self._own.ip, self._host.ip, UDP, udp(9, 9, trace))
        length = len(plain) + len(route)
        head = struct.pack("!BBH", 0x45 + len(route) // 4, 0, length) + plain[4:10] + bytes(2) + plain[12:20] + route
        packet = head[:10] + struct.pack("!H", checksum(head)) + head[12:] + plain[20:]
        return ether(self._own.mac, PORT_MAC, IPV4, packet)

    def _redirect(self, trace: bytes) -> bytes:
        """What the target has sent to somebody is to go to us (RFC 792)."""
        sent = ipv4(self._target.ip, self._other.ip, UDP, trace)
        told = b"\x05\x01\0\0" + socket.inet_aton(self._own.ip) + sent
        return told[:2] + struct.pack("!H", checksum(told)) + told[4:]

    def _arp(self, operation: int, address: str) -> Callable[[bytes], bytes]:
        own = self._own
        return lambda trace: ether(own.mac, BROADCAST, ARP, arp(operation, own.mac, address, self._host.ip) + trace)

    def _neighbour(self, address: str) -> Callable[[bytes], bytes]:
        """An advertisement that overrides what is known; the trace is an option that nobody knows."""
        told = struct.pack("!I", 0x20000000) + ip_address(address).packed
        option = struct.pack("!BB", 2, 1) + mac_bytes(self._own.mac)
        return lambda t: self._icmpv6(self._own.local, ALL_HOSTS, NA, told + option + _unknown(t))


def _advertisement(trace: bytes) -> bytes:
    """Of a router with a prefix, both for two hours."""
    return struct.pack("!BBHII", 64, 0, 7200, 0, 0) + PREFIX + _unknown(trace)


def _unknown(trace: bytes) -> bytes:
    """An option of neighbour discovery that nobody knows, with 8 bytes in it."""
    return struct.pack("!BB6x", 253, 2) + trace


def icmpv6(source: str, target: str, kind: int, payload: bytes) -> bytes:
    """With its checksum (RFC 4443, section 2.3), which who is addressed looks at."""
    plain = struct.pack("!BBH", kind, 0, 0) + payload
    over = ip_address(source).packed + ip_address(target).packed + struct.pack("!II", len(plain), ICMPV6)
    return plain[:2] + struct.pack("!H", checksum(over + plain)) + plain[4:]
