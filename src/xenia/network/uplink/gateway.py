"""Whether gateways are reached on a wire: each is asked for its hardware address.

ARP for IPv4 (RFC 826), neighbour solicitation for IPv6 (RFC 4861 4.3). Nothing is routed for it, and no firewall looks
at it, so that an answer says of the wire alone whether it is the right one.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Collection, Iterator

from xenia.network.uplink.link import Link

_ETH_P_ARP = 0x0806
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET, _ASK, _ANSWER = 1, 1, 2
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_ADDRESS = 1
_AGAIN = 0.25
_SO_BINDTODEVICE = 25


def reached(link: Link, gateways: Collection[bytes], source: bytes | None, seconds: float) -> frozenset[bytes]:
    """Those of `gateways` (addresses of 4 or 16 bytes) that answer on `link` within so many seconds; all are asked
    anew four times a second. `source` is an IPv4 address of this host there. Raises OSError.
    """
    left, answered = time.monotonic() + seconds, set[bytes]()
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family in {len(gateway) for gateway in gateways}:
            sockets.append(opened.enter_context(_arp_socket(link) if family == 4 else _nd_socket(link)))
        while answered < set(gateways):
            for gateway in set(gateways) - answered:
                for each in sockets:
                    _ask(each, link, gateway, source)
            until = min(left, time.monotonic() + _AGAIN)
            for each in _readable(sockets, until):
                found = _answered(each)
                if found is not None and found in gateways:
                    answered.add(found)
                if answered >= set(gateways):
                    break
            if time.monotonic() >= left:
                break
    return frozenset(answered)


def _readable(sockets: list[socket.socket], until: float) -> Iterator[socket.socket]:
    while (left := until - time.monotonic()) > 0:
        yield from select.select(sockets, [], [], left)[0]


@contextlib.contextmanager
def _arp_socket(link: Link) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_ARP)) as wire:
        wire.bind((link.name, _ETH_P_ARP))
        yield wire


@contextlib.contextmanager
def _nd_socket(link: Link) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_ICMPV6) as wire:
        wire.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, link.name.encode())
        wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        yield wire


def _ask(wire: socket.socket, link: Link, gateway: bytes, source: bytes | None) -> None:
    with contextlib.suppress(OSError):  # the wire is not there for a moment
        mac = bytes.fromhex(link.mac.replace(":", ""))
        if wire.family == socket.AF_PACKET and len(gateway) == 4:
            frame = _ARP.pack(_ETHERNET, 0x0800, 6, 4, _ASK, mac, source or bytes(4), bytes(6), gateway)
            wire.sendto(frame, (link.name, _ETH_P_ARP, 0, 0, b"\xff" * 6))
        elif wire.family == socket.AF_INET6 and len(gateway) == 16:
            question = struct.pack("!BBHI16sBB6s", _SOLICITATION, 0, 0, 0, gateway, _SOURCE_ADDRESS, 1, mac)
            group = socket.inet_ntop(socket.AF_INET6, bytes.fromhex("ff0200000000000000000001ff") + gateway[13:])
            wire.sendto(question, (group, 0, 0, link.index))


def _answered(wire: socket.socket) -> bytes | None:
    """Whose address was told in what arrived; None for anything else."""
    content = wire.recv(2048)
    if wire.family == socket.AF_PACKET:
        if len(content) >= _ARP.size and content[6:8] == _ANSWER.to_bytes(2):
            return content[14:18]
    elif len(content) >= 24 and content[0] == _ADVERTISEMENT:
        return content[8:24]
    return None
