"""A card of a guest that is a port of nothing: the host is its router, as Xen's script vif-route has it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.vif import Vif
from xenia.network.addresses import Network, network_word, networks_of
from xenia.network.host import Seen
from xenia.network.interface import EMULATED
from xenia.network.route_things import Proxied, RouteTo
from xenia.network.things import Address, Sysctl, Thing

GATEWAY_6 = "fe80::1"
"""What the host is called there where nothing else is said: a link-local address reaches no further than the card."""


@dataclass(frozen=True, slots=True)
class RoutedCard:
    """`interface` is the host's end, `ip` what the guest has there: addresses, or prefixes. `gateway` are the addresses
    by which the guest reaches the host. On `device`, if there is one, the host answers for the guest. `emulated`: it is
    the second end of a card that has another one, for guests without Xen's drivers; it counts as long as it is there.
    """

    interface: str
    ip: tuple[str, ...]
    gateway: tuple[str, ...] = ()
    device: str = ""
    emulated: bool = False
    answered: tuple[str, ...] = ()
    """Of the cards on a bridge (`interface`), which have no `ip` here: on `device` the host answers for these."""

    def networks(self, version: int) -> list[Network]:
        return networks_of(self.ip, version)

    def things(self, seen: Seen) -> Iterator[Thing]:
        """What the host needs for it, beside being a router; `seen` is the host without its routed cards."""
        if self.networks(4):
            yield from self._ipv4(seen)
        if self.networks(6):
            yield from self._ipv6(seen)
        for ip in self.answered:
            yield Proxied(self.device, ip)

    def _ipv4(self, seen: Seen) -> Iterator[Thing]:
        yield Sysctl(f"net/ipv4/conf/{self.interface}/proxy_arp", "1")
        yield Sysctl(f"net/ipv4/neigh/{self.interface}/proxy_delay", "0")
        gateway = self._gateway(4)
        # One that is somebody's already, as the router's of the host, is answered for by proxy_arp, and not taken.
        here = gateway if gateway and not _is_reached(gateway, seen) else own_address(seen, self.device)
        if here:
            yield Address(self.interface, f"{here}/32")
        if self.device:
            yield Sysctl(f"net/ipv4/neigh/{self.device}/proxy_delay", "0")
        yield from self._routes(4, here)

    def _ipv6(self, seen: Seen) -> Iterator[Thing]:
        conf = f"net/ipv6/conf/{self.interface}"
        yield Sysctl(f"{conf}/accept_ra", "0")
        yield Sysctl(f"{conf}/disable_ipv6", "0")
        gateway = self._gateway(6)
        near = gateway if gateway and ip_address(gateway).is_link_local else GATEWAY_6
        yield Address(self.interface, f"{near}/64")
        if gateway and gateway != near:
            if _is_reached(gateway, seen):
                yield Sysctl(f"{conf}/proxy_ndp", "1")
                yield Proxied(self.interface, gateway)
            else:
                yield Address(self.interface, f"{gateway}/128")
        if self.device:
            yield Sysctl(f"net/ipv6/conf/{self.device}/proxy_ndp", "1")
            yield Sysctl(f"net/ipv6/neigh/{self.device}/proxy_delay", "0")
        yield from self._routes(6, "")

    def _gateway(self, version: int) -> str:
        return next((each for each in self.gateway if ip_address(each).version == version), "")

    def _routes(self, version: int, source: str) -> Iterator[Thing]:
        metric = _EMULATED_METRIC if self.emulated else _METRIC
        for network in self.networks(version):
            yield RouteTo(str(network), self.interface, source, metric)
            if self.device and network.prefixlen == network.max_prefixlen:
                yield Proxied(self.device, str(network.network_address))


_EMULATED_METRIC, _METRIC = 1, 2
"""As in vif-route: the emulated end comes first, until the guest's system has put it away."""


def without(cards: Sequence[RoutedCard], seen: Seen) -> Seen:
    """The host without these."""
    names = {card.interface for card in cards if card.ip}
    links = {name: link for name, link in seen.links.items() if name not in names}
    return replace(seen, links=links, routes=[route for route in seen.routes if route.interface not in names])


def _is_reached(ip: str, seen: Seen) -> bool:
    """Whether the host has it itself, or a route to it, other than a default one."""
    address = ip_address(ip)
    own = (text for link in seen.links.values() for text in link.addresses)
    return any(address in ip_network(route.network, strict=False) for route in seen.routes) or any(
        ip_interface(text).ip == address for text in own
    )


def own_address(seen: Seen, device: str) -> str:
    """The IPv4 address that the host has on `device`, or where its default route leads, if it is ""; "" for none."""
    link = seen.links.get(device or seen.outlet)
    own = [ip_interface(text).ip for text in link.addresses] if link is not None else []
    return next((str(ip) for ip in own if ip.version == 4), "")


def read_gateway(text: str) -> tuple[IPv4Address | IPv6Address, ...] | None:
    """`gateway=`: up to one address of each version, with a blank between them; None where it is anything else."""
    try:
        found = tuple(ip_address(word) for word in text.split())
    except ValueError:
        return None
    return found if len({each.version for each in found}) == len(found) else None


def routed_card(vif: Vif, interface: str, *, emulated: bool = False) -> RoutedCard:
    """The card whose host's end is `interface`, or beside that its emulated end."""
    name = f"{interface}{EMULATED}" if emulated else interface
    gateway = tuple(map(str, read_gateway(vif.gateway or "") or ()))
    return RoutedCard(name, vif.ip, gateway, vif.gatewaydev or "", emulated)


def objections(card: RoutedCard, seen: Seen) -> Iterator[XeniaError]:
    """What speaks against routing to a card that is not there yet."""
    if card.device and card.device not in seen.links:
        near = difflib.get_close_matches(card.device, seen.links, 1)
        there = f"interfaces here: {', '.join(sorted(seen.links))}"
        hint = f"did you mean {near[0]}?" if near else there
        yield not_found(f"there is no interface '{card.device}' on this host, for gatewaydev=", hint)
        return
    for network in (*card.networks(4), *card.networks(6)):
        yield from _taken(network, seen)
    needs = card.networks(4) and not own_address(seen, card.device)
    if needs and not any(ip_address(each).version == 4 for each in card.gateway):
        where = f"on '{card.device}'" if card.device else "where its default route leads"
        yield conflict(
            f"the host has no IPv4 address {where}, by which the guest could reach it",
            "name the one that it is to have there: gateway=192.0.2.1",
        )


def _taken(network: Network, seen: Seen) -> Iterator[XeniaError]:
    word = network_word(network)
    for link in seen.links.values():
        for text in link.addresses:
            own = ip_interface(text).ip
            if own.version == network.version and own in network:
                message = f"ip={word} has the address {own} in it, which the host has on '{link.name}'"
                yield conflict(message if word != str(own) else f"the host itself has ip={word}, on '{link.name}'")
    for route in seen.routes:
        if ip_network(route.network, strict=False) == network:
            yield conflict(f"the host reaches ip={word} by '{route.interface}' already", "ip route shows what it has")
