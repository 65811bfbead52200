"""The kernel's table of neighbours: whom this host has spoken with (linux/neighbour.h)."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

from xenia.model.address import Neighbour
from xenia.model.errors import unavailable
from xenia.network.host import Link
from xenia.network.rtnetlink import GETNEIGH, Message, Rtnetlink

HEAD = struct.Struct("=B3xiHBB")
"""struct ndmsg: family, interface, state, flags, type."""
DST, LLADDR = 1, 2
NTF_PROXY = 0x08
"""A flag: the host answers for it."""
KNOWN_STATES = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""NUD_REACHABLE, STALE, DELAY, PROBE and PERMANENT."""


def read_neighbours() -> list[Neighbour]:
    """Those whose hardware address is known, in the network namespace of the calling thread. Raises unavailable."""
    found = []
    for message in _told(0):
        _, _, state, _, _ = HEAD.unpack(message.head)
        ip, mac = message.get(DST), message.get(LLADDR)
        if state & KNOWN_STATES and ip and mac:
            found.append(Neighbour(str(ipaddress.ip_address(ip)), mac.hex(":")))
    return found


def read_proxied(links: Iterable[Link]) -> frozenset[tuple[str, str]]:
    """Interface and address of those that the host answers for. Raises unavailable."""
    names = {link.index: link.name for link in links}
    found = set()
    for message in _told(NTF_PROXY):
        _, index, _, _, _ = HEAD.unpack(message.head)
        ip = message.get(DST)
        if ip and index in names:
            found.add((names[index], str(ipaddress.ip_address(ip))))
    return frozenset(found)


def _told(flags: int) -> list[Message]:
    try:
        with Rtnetlink() as kernel:
            return kernel.dump(GETNEIGH, HEAD.pack(0, 0, 0, flags, 0))
    except OSError as error:
        raise unavailable(f"the kernel does not tell of its neighbours: {error.strerror}") from error
