"""Frames as a guest may send them, made byte by byte. Checksums are left out where nobody on the way looks at them."""

from __future__ import annotations

import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES = "33:33:00:00:00:01"
ARP, IPV4, IPV6, RARP, VLAN, QINQ, IPX = 0x0806, 0x0800, 0x86DD, 0x8035, 0x8100, 0x88A8, 0x8137
REQUEST, REPLY = 1, 2
RA, NS, NA, REDIRECT = 134, 135, 136, 137


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def ether(source: str, target: str, kind: int, payload: bytes) -> bytes:
    return (mac_bytes(target) + mac_bytes(source) + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def tagged(frame: bytes, *tags: int, vlan: int = 5) -> bytes:
    """The same frame within tags of these kinds, the outermost first, all of one VLAN (0: of none)."""
    return frame[:12] + b"".join(struct.pack("!HH", tag, vlan) for tag in tags) + frame[12:]


def arp(operation: int, mac: str, address: str, asked: str, asked_mac: str = "00:00:00:00:00:00") -> bytes:
    head = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
    return head + mac_bytes(mac) + socket.inet_aton(address) + mac_bytes(asked_mac) + socket.inet_aton(asked)


def ipv4(source: str, target: str, protocol: int, payload: bytes, *, more: bool = False) -> bytes:
    """`more`: the first fragment of a packet that goes on."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x2000 if more else 0, 64, protocol, 0)
    head += socket.inet_aton(source) + socket.inet_aton(target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + addresses + payload


def options(protocol: int, payload: bytes) -> bytes:
    """Behind destination options that are nothing but padding; their own protocol number is 60."""
    return struct.pack("!BBBBI", protocol, 0, 1, 4, 0) + payload


def first_fragment(protocol: int, payload: bytes) -> bytes:
    """Of an IPv6 packet that goes on; its own protocol number is 44."""
    return struct.pack("!BBHI", protocol, 0, 1, 1) + payload


def udp(source: int, target: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload


def icmpv6(kind: int, payload: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, 0) + payload


def neighbour(kind: int, target: str, mac: str) -> bytes:
    """A neighbour solicitation or advertisement, with the hardware address as its option."""
    option = struct.pack("!BB", 1 if kind == NS else 2, 1) + mac_bytes(mac)
    return icmpv6(kind, struct.pack("!I", 0x20000000) + socket.inet_pton(socket.AF_INET6, target) + option)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
