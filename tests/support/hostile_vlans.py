"""What a hostile guest may try to get out of the VLAN of its card, which is an access port of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.support.frames import BROADCAST, IPV4, QINQ, VLAN, ether, ipv4, udp

MAC, IP = "00:16:3e:00:00:01", "10.9.0.2"
OWN, OTHER, NONE = 12, 13, 0
"""The VLAN of the card, another one, and the number in a tag that only tells a priority."""


@dataclass(frozen=True, slots=True)
class Attempt:
    what: str
    frame: bytes
    trace: bytes


def _attempt(what: str, *tags: tuple[int, int]) -> Attempt:
    """A packet within tags (kind, VLAN), the outermost first."""
    plain = ether(MAC, BROADCAST, IPV4, ipv4(IP, "10.9.0.255", 17, udp(9, 9, what.encode())))
    inside = b"".join(struct.pack("!HH", kind, number) for kind, number in tags)
    return Attempt(what, plain[:12] + inside + plain[12:], what.encode())


ATTEMPTS = (
    _attempt("sends without a tag"),
    _attempt("with a tag of no VLAN (priority)", (VLAN, NONE)),
    _attempt("with a tag of its own VLAN", (VLAN, OWN)),
    _attempt("with a tag of another VLAN", (VLAN, OTHER)),
    _attempt("with a provider's tag of another VLAN (802.1ad)", (QINQ, OTHER)),
    _attempt("with two tags, of its own VLAN and inside of another one", (VLAN, OWN), (VLAN, OTHER)),
    _attempt("with two tags, of no VLAN and inside of another one", (VLAN, NONE), (VLAN, OTHER)),
    _attempt("with two tags, a provider's of its own VLAN and inside of another one", (QINQ, OWN), (VLAN, OTHER)),
    _attempt("with two tags, of another VLAN and inside of its own", (VLAN, OTHER), (VLAN, OWN)),
    _attempt("with three tags, two of its own VLAN and inside of another one", (VLAN, OWN), (VLAN, OWN), (VLAN, OTHER)),
)
MARKER = _attempt("the end")
