"""Putting what one interface has on another, and taking it away: each step may have been done before.

Nothing is ever missing in between: the new one has all of it before the old one gives anything up. So connections
live: they know addresses, not interfaces.
"""

from __future__ import annotations

import errno
import time

from xenia.network import rtnetlink
from xenia.network.rtnetlink import APPEND, CREATE, EXCL, GONE, Message, Rtnetlink, without
from xenia.network.uplink import interface_settings
from xenia.network.uplink import state as of
from xenia.network.uplink.state import IPV6, Interface, State

_DST, _TABLE, _PRIORITY, _GATEWAY = 1, 15, 6, 5
_LINK_SCOPE = 253
_TAKEN_SECONDS = 1.0


def place(kernel: Rtnetlink, state: State, source: Interface, target: Interface, elapsed: float = 0.0) -> None:
    """Give `target`, which is switched on, what was read of `source` so many seconds ago. Raises OSError."""
    interface_settings.trust(target.name, state.ipv6)
    _place_addresses(kernel, state, source, target, elapsed)
    _wait_until_taken(kernel, target)
    interface_settings.write_kept(target.name, state.ipv6)
    for told in state.neighbours:
        neighbour = of.neighbour_for(of.of_hex(rtnetlink.NEWNEIGH, told), target)
        _add(kernel, rtnetlink.NEWNEIGH, neighbour, CREATE | EXCL)
    _place_routes(kernel, state, source, target, elapsed)
    for told in state.rules:
        rule = of.rule_for(of.of_hex(rtnetlink.NEWRULE, told), source, target)
        _add(kernel, rtnetlink.NEWRULE, rule, CREATE | EXCL)


def _wait_until_taken(kernel: Rtnetlink, target: Interface) -> None:
    """An IPv6 address was this host's a moment ago, so that nobody has to be asked; but the kernel takes it a moment
    later, by a task of its own.
    """
    end = time.monotonic() + _TAKEN_SECONDS
    while any(map(of.tentative, of.addresses(kernel, target.index))) and time.monotonic() < end:
        time.sleep(0.001)


def _place_addresses(kernel: Rtnetlink, state: State, source: Interface, target: Interface, elapsed: float) -> None:
    read = [of.of_hex(rtnetlink.NEWADDR, told) for told in state.addresses]
    # The kernel tells the newest IPv6 address first, and the oldest IPv4 address.
    older, newer = ([each for each in read if (each.head[0] == IPV6) is six] for six in (False, True))
    wanted = set()
    for message in (*older, *reversed(newer)):
        address = of.address_for(message, source, target, elapsed)
        if address is not None:
            _add(kernel, rtnetlink.NEWADDR, address, CREATE | EXCL)
            wanted.add(_address(address))
    for message in of.addresses(kernel, target.index):
        # One of the wire that the kernel has made by itself, and that the card did not have.
        if message.head[3] == _LINK_SCOPE and message.head[0] == IPV6 and _address(message) not in wanted:
            _remove(kernel, rtnetlink.DELADDR, message)


def _address(message: Message) -> tuple[bytes | None, ...]:
    return (message.head[:2], message.get(1), message.get(2))


def _place_routes(kernel: Rtnetlink, state: State, source: Interface, target: Interface, elapsed: float) -> None:
    learns = interface_settings.learns_routes(target.name)
    there = [_route(route) for route in of.routes(kernel, target.index)]
    wanted = []
    for message in sorted((of.of_hex(rtnetlink.NEWROUTE, told) for told in state.routes), key=of.by_gateway):
        route = of.route_for(message, source, target, elapsed)
        if route is None:
            continue
        wanted.append(_route(route))
        if learns and of.from_router(route) and _route(route) not in there:
            # The kernel would not take what the router says of it next, were it there already.
            route = of.less_preferred(route)
        _add(kernel, rtnetlink.NEWROUTE, route, CREATE | APPEND)
    for message in of.routes(kernel, target.index):
        # The way to an address's own network that somebody had taken away on purpose.
        if of.by_kernel(message) and _route(message) not in wanted:
            _remove(kernel, rtnetlink.DELROUTE, message)


def _route(message: Message) -> tuple[bytes | None, ...]:
    return (message.head[:4], *(message.get(kind) for kind in (_DST, _TABLE, _PRIORITY, _GATEWAY)))


def strip(kernel: Rtnetlink, link: Interface) -> None:
    """Take away all that the interface has; it has no IPv6 afterwards. Raises OSError."""
    strip_rules(kernel, link)
    for route in of.routes(kernel, link.index):
        told = of.route_for(route, link, link, 0.0)
        if told is not None:
            _remove(kernel, rtnetlink.DELROUTE, told)
    for address in reversed(of.addresses(kernel, link.index)):
        if address.head[0] != IPV6:
            _remove(kernel, rtnetlink.DELADDR, address)
    for neighbour in of.neighbours(kernel, link.index):
        _remove(kernel, rtnetlink.DELNEIGH, of.neighbour_for(neighbour, link))
    interface_settings.switch_off(link.name)


def strip_rules(kernel: Rtnetlink, link: Interface) -> None:
    """Take away the rules that name the interface; they outlive it."""
    for rule in of.rules(kernel, link.name):
        _remove(kernel, rtnetlink.DELRULE, of.rule_for(rule, link, link))


def forget_spare_routes(kernel: Rtnetlink, state: State, source: Interface, target: Interface) -> bool:
    """Of what routers advertise, `place` has set stand-ins: take each away once the kernel has learnt its own on
    `target`; whether none is left.
    """
    there = [_route(route) for route in of.routes(kernel, target.index)]
    left = False
    for message in (of.of_hex(rtnetlink.NEWROUTE, told) for told in state.routes):
        route = of.route_for(message, source, target, 0.0) if of.from_router(message) else None
        if route is None or _route(spare := of.less_preferred(route)) not in there:
            continue
        if _route(route) in there:
            _remove(kernel, rtnetlink.DELROUTE, spare)
        else:
            left = True
    return not left


def _add(kernel: Rtnetlink, kind: int, message: Message, flags: int) -> None:
    try:
        kernel.ask(kind, message, flags)
    except OSError as error:
        without(error, errno.EEXIST)


def _remove(kernel: Rtnetlink, kind: int, message: Message) -> None:
    try:
        kernel.ask(kind, message)
    except OSError as error:
        without(error, *GONE)
