"""What an interface has: addresses, routes, rules that name it, neighbours. Read as it is, to be put on another one.

Sources: linux/if_addr.h, linux/rtnetlink.h, linux/fib_rules.h, linux/neighbour.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from xenia.network import neighbours as neighbour_table
from xenia.network import rtnetlink
from xenia.network.rtnetlink import FIXED, Message, Rtnetlink, number, text, unpacked

IPV4, IPV6 = 2, 10

_ADDR = struct.Struct("=BBBBI")
_IFA_LOCAL, _IFA_LABEL, _IFA_CACHEINFO = 2, 3, 6
_TENTATIVE, _FAILED = 0x40, 0x08
_FOREVER = 0xFFFFFFFF

_ROUTE = struct.Struct("=BBBBBBBBI")
_RTA_OIF, _RTA_GATEWAY, _RTA_MULTIPATH, _RTA_CACHEINFO, _RTA_TABLE = 4, 5, 9, 12, 15
_RTA_VIA, _RTA_EXPIRES, _RTA_NH_ID, _RTA_PRIORITY = 18, 23, 30, 6
_LOCAL_TABLE = 255
_BY_KERNEL, _BY_ROUTER = 2, 9
_CLONED = 0x200
_ONLINK = 4
_HOP = struct.Struct("=HBBi")
_USER_HZ = 100

_FRA_IIFNAME, _FRA_OIFNAME = 3, 17
_RULE = struct.Struct("=8sI")
_RULE_FLAGS = 0x2
"""FIB_RULE_INVERT; the others are the kernel's own."""


class Interface(Protocol):
    """Whose messages these are."""

    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class End:
    """An interface that need not be there any more."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class State:
    """Each one is the hexadecimal digits of a message of the kernel's; `ipv6` are settings that change while it is put
    elsewhere (`interface_settings.read_kept`).
    """

    addresses: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether the host may be reached by it: by an address that is more than one of the wire itself."""
        return any(head.scope != _LINK_SCOPE for head in map(address_head, self.addresses))


@dataclass(frozen=True, slots=True)
class AddressHead:
    family: int
    scope: int


_LINK_SCOPE = 253


def address_head(address: str) -> AddressHead:
    family, _, _, scope, _ = _ADDR.unpack(bytes.fromhex(address)[: _ADDR.size])
    return AddressHead(family, scope)


def ipv4_address(state: State) -> bytes | None:
    """One to ask others from."""
    for message in (of_hex(rtnetlink.NEWADDR, told) for told in state.addresses):
        if message.head[0] == IPV4:
            return message.get(_IFA_LOCAL)
    return None


def addresses(kernel: Rtnetlink, index: int) -> list[Message]:
    """Of both families, in the order in which the kernel tells them."""
    found = [
        message for family in (IPV4, IPV6) for message in kernel.dump(rtnetlink.GETADDR, _ADDR.pack(family, 0, 0, 0, 0))
    ]
    return [message for message in found if _ADDR.unpack(message.head)[4] == index]


def tentative(address: Message) -> bool:
    """Whether the kernel still asks the others for it (IPv6)."""
    return bool(address.head[2] & _TENTATIVE) and not address.head[2] & _FAILED


def routes(kernel: Rtnetlink, index: int) -> list[Message]:
    """Of all tables, those that lead out of the interface. Without those that the kernel keeps of an address itself:
    that it is local, and where it hears broadcasts and multicasts.
    """
    found = [
        message
        for family in (IPV4, IPV6)
        for message in kernel.dump(rtnetlink.GETROUTE, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
    ]
    return [message for message in found if index in _outlets(message) and not _kept_by_kernel(message)]


def _outlets(route: Message) -> set[int]:
    out = route.number(_RTA_OIF)
    hops = {index for _, _, _, index, _ in _hops(route.get(_RTA_MULTIPATH) or b"")}
    return hops if out is None else hops | {out}


def _kept_by_kernel(route: Message) -> bool:
    _, _, _, _, table, protocol, _, _, flags = _ROUTE.unpack(route.head)
    return bool(flags & _CLONED) or (table == _LOCAL_TABLE and protocol == _BY_KERNEL)


def _hops(content: bytes) -> Iterable[tuple[int, int, int, int, bytes]]:
    place = 0
    while place + _HOP.size <= len(content):
        length, flags, weight, index = _HOP.unpack_from(content, place)
        yield length, flags, weight, index, content[place + _HOP.size : place + length]
        place += (length + 3) & ~3


def rules(kernel: Rtnetlink, name: str) -> list[Message]:
    """The rules of policy routing that name the interface."""
    found = [
        message for family in (IPV4, IPV6) for message in kernel.dump(rtnetlink.GETRULE, _RULE.pack(bytes([family]), 0))
    ]
    return [each for each in found if text(name) in (each.get(_FRA_IIFNAME), each.get(_FRA_OIFNAME))]


def neighbours(kernel: Rtnetlink, index: int) -> list[Message]:
    """Whose hardware addresses are known there, and whom the host answers for."""
    found = [
        message
        for flags in (0, neighbour_table.NTF_PROXY)
        for message in kernel.dump(rtnetlink.GETNEIGH, neighbour_table.HEAD.pack(0, 0, 0, flags, 0))
    ]
    return [message for message in found if _of_neighbour(message, index)]


def _of_neighbour(message: Message, index: int) -> bool:
    family, there, state, flags, _ = neighbour_table.HEAD.unpack(message.head)
    if there != index or family not in (IPV4, IPV6):
        return False
    return bool(flags & neighbour_table.NTF_PROXY) or bool(
        state & neighbour_table.KNOWN_STATES and message.get(neighbour_table.LLADDR)
    )


def read(kernel: Rtnetlink, link: Interface, ipv6: tuple[str, ...]) -> State:
    """All that the interface has; `ipv6` is what `interface_settings.read_kept` tells of it. Raises OSError."""
    return State(
        addresses=_told(addresses(kernel, link.index)),
        routes=_told(routes(kernel, link.index)),
        rules=_told(rules(kernel, link.name)),
        neighbours=_told(neighbours(kernel, link.index)),
        ipv6=ipv6,
    )


def _told(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(message.packed().hex() for message in messages)


def of_hex(kind: int, told: str) -> Message:
    """The message behind the digits; `kind` is NEWADDR, NEWROUTE ..."""
    return unpacked(bytes.fromhex(told), FIXED[kind])


def address_for(message: Message, source: Interface, target: Interface, elapsed: float) -> Message | None:
    """An address of `source` for `target`, `elapsed` seconds after it was read; None when its time is over."""
    family, length, flags, scope, _ = _ADDR.unpack(message.head)
    values: dict[int, bytes | None] = {}
    label = (message.get(_IFA_LABEL) or b"").rstrip(b"\0").decode()
    if label:
        values[_IFA_LABEL] = text(label.replace(source.name, target.name, 1)[:15])
    times = message.get(_IFA_CACHEINFO)
    if times is not None:
        preferred, valid = (_left(each, elapsed) for each in struct.unpack_from("=II", times))
        if valid == 0:
            return None
        values[_IFA_CACHEINFO] = struct.pack("=IIII", preferred, valid, 0, 0)
    return Message(_ADDR.pack(family, length, flags, scope, target.index), message.attributes).having(values)


def _left(seconds: int, elapsed: float) -> int:
    return seconds if seconds == _FOREVER else max(0, seconds - int(elapsed))


def route_for(message: Message, source: Interface, target: Interface, elapsed: float) -> Message | None:
    """A route of `source` for `target`, as `address_for`. Where it leads out of others as well, the kernel keeps that
    as one route in IPv4, which is said again as a whole, and as several in IPv6, of which only ours is.
    """
    family, to, of, tos, table, protocol, scope, kind, flags = _ROUTE.unpack(message.head)
    values: dict[int, bytes | None] = {_RTA_CACHEINFO: None}
    if message.number(_RTA_OIF) == source.index:
        values[_RTA_OIF] = number(target.index)
    hops = message.get(_RTA_MULTIPATH)
    if hops is not None:
        values[_RTA_MULTIPATH] = _hops_for(hops, source, target, only=family == IPV6)
    times = message.get(_RTA_CACHEINFO)
    ticks = struct.unpack_from("=i", times, 8)[0] if family == IPV6 and times is not None else 0
    if ticks:
        left = ticks // _USER_HZ - int(elapsed)
        if left <= 0:
            return None
        values[_RTA_EXPIRES] = number(left)
    head = _ROUTE.pack(family, to, of, tos, table, protocol, scope, kind, flags & _ONLINK)
    return Message(head, message.attributes).having(values)


def _hops_for(hops: bytes, source: Interface, target: Interface, *, only: bool) -> bytes:
    return b"".join(
        _HOP.pack(length, flags & _ONLINK, weight, target.index if index == source.index else index)
        + rest
        + bytes(-length % 4)
        for length, flags, weight, index, rest in _hops(hops)
        if index == source.index or not only
    )


def rule_for(message: Message, source: Interface, target: Interface) -> Message:
    head, flags = _RULE.unpack(message.head)
    values: dict[int, bytes | None] = {
        kind: text(target.name) for kind in (_FRA_IIFNAME, _FRA_OIFNAME) if message.get(kind) == text(source.name)
    }
    return Message(_RULE.pack(head, flags & _RULE_FLAGS), message.attributes).having(values)


def neighbour_for(message: Message, target: Interface) -> Message:
    family, _, state, flags, kind = neighbour_table.HEAD.unpack(message.head)
    kept = tuple(each for each in message.attributes if each[0] in (neighbour_table.DST, neighbour_table.LLADDR))
    return Message(neighbour_table.HEAD.pack(family, target.index, state, flags, kind), kept)


def by_gateway(route: Message) -> bool:
    """Whether it takes another route to reach its next hop; such ones are made last."""
    return any(route.get(kind) is not None for kind in (_RTA_GATEWAY, _RTA_VIA, _RTA_MULTIPATH))


def default_gateways(state: State) -> tuple[bytes, ...]:
    """Addresses (4 or 16 bytes) that default routes lead to."""
    found: list[bytes] = []
    for message in (of_hex(rtnetlink.NEWROUTE, told) for told in state.routes):
        if message.head[1] != 0:
            continue
        via = message.get(_RTA_VIA)
        gateway = message.get(_RTA_GATEWAY) or (via[2:] if via is not None else None)
        if gateway is not None and gateway not in found:
            found.append(gateway)
    return tuple(found)


def by_nexthop_object(state: State) -> bool:
    return any(of_hex(rtnetlink.NEWROUTE, told).get(_RTA_NH_ID) is not None for told in state.routes)


def from_router(route: Message) -> bool:
    """A route that the kernel itself has learnt from a router's advertisement (IPv6)."""
    return route.head[0] == IPV6 and route.head[5] == _BY_ROUTER


def by_kernel(route: Message) -> bool:
    """One that the kernel made of an address."""
    return route.head[5] == _BY_KERNEL


def less_preferred(route: Message) -> Message:
    """With a metric one higher: it steps back as soon as the same one is learnt again."""
    return route.having({_RTA_PRIORITY: number((route.number(_RTA_PRIORITY) or 0) + 1)})
