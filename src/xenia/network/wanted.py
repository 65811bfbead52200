"""Which things a host needs for its networks, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from xenia.model.network import Mode, Network
from xenia.network.dnsmasq_config import ServiceFiles
from xenia.network.host import Link, Seen
from xenia.network.routed import RoutedCard, without
from xenia.network.rules import rules_for
from xenia.network.things import Address, Bridge, Isolation, PacketRules, Port, Service, Sysctl, Thing, Vlan

_FORWARD_4 = "net/ipv4/ip_forward"
_REDIRECTS_4 = "net/ipv4/conf/all/accept_redirects"
"""The kernel changes it together with ip_forward (Linux net/ipv4/devinet.c, inet_forward_change)."""

_FORWARD_6 = "net/ipv6/conf/all/forwarding"


def things_for(
    networks: Sequence[Network],
    cards: Sequence[RoutedCard],
    seen: Seen,
    ours: Callable[[str], bool],
    files: Callable[[str], ServiceFiles],
) -> list[Thing]:
    """`ours` tells of the key of a thing whether we have made it: a bridge that others have made is used as it is.
    A card needs nothing while its host's end is not there, or off.
    """
    things: dict[str, Thing] = {}
    there = [card for card in cards if card.interface in seen.links and seen.links[card.interface].up]
    for card in there:
        for thing in card.things(without(cards, seen)):
            things.setdefault(thing.key, thing)
    for network in networks:
        for thing in (*_bridge(network, seen, ours), *_sysctls(network, seen, ours), *_addresses(network)):
            things.setdefault(thing.key, thing)
    for card in there:
        for thing in _router(seen, ours, ipv4=bool(card.networks(4)), ipv6=bool(card.networks(6))):
            things.setdefault(thing.key, thing)
    if rules_for(networks) is not None:
        things["rules"] = PacketRules(tuple(networks))
    for network in networks:
        if network.subnets:
            service = Service(network, files(network.name))
            things[service.key] = service
    return list(things.values())


def _bridge(network: Network, seen: Seen, ours: Callable[[str], bool]) -> Iterator[Thing]:
    if network.openvswitch:
        return
    bridge = Bridge(network.bridge, network.mtu)
    if network.mode is not Mode.BRIDGE or network.bridge not in seen.links or ours(bridge.key):
        yield bridge
        if seen.accept_ra:  # guests are not to tell the host its addresses and routes
            conf = f"net/ipv6/conf/{network.bridge}"
            yield Sysctl(f"{conf}/disable_ipv6", "1") if network.ipv6 is None else Sysctl(f"{conf}/accept_ra", "0")
    if network.port:
        vlan = Vlan(network.port, network.interface, network.vlan)
        if network.vlan and (network.port not in seen.links or ours(vlan.key)):
            yield vlan
        yield Port(network.bridge, network.port)
    if network.isolate:
        yield Isolation(network.bridge, network.port)


def _addresses(network: Network) -> Iterator[Address]:
    for subnet in network.subnets:
        yield Address(network.bridge, subnet.address)


def _sysctls(network: Network, seen: Seen, ours: Callable[[str], bool]) -> Iterator[Sysctl]:
    if not network.forwarding:
        return
    ipv6 = network.ipv6 is not None or (network.proxy and bool(seen.accept_ra))
    yield from _router(seen, ours, ipv4=network.proxy or network.ipv4 is not None, ipv6=ipv6)
    if network.proxy:
        for interface in (network.interface, network.bridge):
            yield Sysctl(f"net/ipv4/conf/{interface}/proxy_arp", "1")
            yield Sysctl(f"net/ipv4/neigh/{interface}/proxy_delay", "0")
        if seen.accept_ra:
            yield Sysctl(f"net/ipv6/conf/{network.interface}/proxy_ndp", "1")


def _router(seen: Seen, ours: Callable[[str], bool], *, ipv4: bool, ipv6: bool) -> Iterator[Sysctl]:
    """What makes the host a router, in the order that the kernel needs: what it changes by itself is remembered before
    it does.
    """
    if ipv4:
        yield Sysctl(_REDIRECTS_4, "0")
        yield Sysctl(_FORWARD_4, "1")
    if ipv6:
        # A router does not listen to advertisements, by which the host may have its own address and way out.
        for name, value in sorted(seen.accept_ra.items()):
            listens = Sysctl(f"net/ipv6/conf/{name}/accept_ra", "2")
            if name in seen.links and _is_hosts(seen.links[name], ours) and (value == "1" or ours(listens.key)):
                yield listens
        yield Sysctl(_FORWARD_6, "1")


def _is_hosts(link: Link, ours: Callable[[str], bool]) -> bool:
    """Whether the host itself may have its way out by it: it is no end of a guest's card, and none of ours."""
    made = ours(Bridge(link.name).key) or ours(Vlan(link.name, "", 0).key)
    return link.name != "lo" and link.kind != "tun" and not link.master and not made
