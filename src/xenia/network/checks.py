"""What speaks against a network on this host, found before anything is changed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.network import Mode, Network, Subnet
from xenia.network.definition import meet
from xenia.network.host import SWITCH, Link, Listener, Seen
from xenia.network.things import Address, Bridge, Port, Vlan

AnyNetwork = IPv4Network | IPv6Network

SERVICE_PORTS = (53, 67, 547)


def ports_of(network: Network) -> tuple[int, ...]:
    """The ports of the host that it needs, or takes from it."""
    forwarded = [port for each in network.forwards for port in range(each.first, each.last + 1)]
    return (*SERVICE_PORTS, *forwarded) if network.subnets else tuple(forwarded)


def objections(
    network: Network, others: Sequence[Network], seen: Seen, ours: Callable[[str], bool]
) -> Iterator[XeniaError]:
    """`others` are the other networks of this xend; `ours` tells of the key of a thing whether we have made it."""
    yield from _bridge(network, others, seen, ours)
    yield from _interface(network, seen, ours)
    for subnet in network.subnets:
        yield from _subnet(network, subnet, others, seen, ours)
        yield from _services(network, subnet, seen, ours)
    yield from _forwards(network, others, seen)


def _bridge(
    network: Network, others: Sequence[Network], seen: Seen, ours: Callable[[str], bool]
) -> Iterator[XeniaError]:
    name = network.bridge
    apart = network.openvswitch  # by VLANs
    sharer = next((other for other in others if other.bridge == name and not (apart and other.openvswitch)), None)
    if sharer is not None:
        yield conflict(
            f"the bridge '{name}' is that of the network '{sharer.name}' already", 'bridge = "..." names one'
        )
    link = seen.links.get(name)
    if network.openvswitch:
        if link is None or link.kind != SWITCH:
            yield not_found(f"Open vSwitch has no bridge '{name}'", f"make it: ovs-vsctl add-br {name}")
        return
    if link is None or ours(Bridge(name).key):
        return
    if link.kind == SWITCH:
        yield conflict(f"'{name}' is a bridge of Open vSwitch", "openvswitch = true uses it as it is")
    elif link.kind != "bridge":
        yield conflict(f"'{name}' is a network interface, but not a bridge", 'name another: bridge = "..."')
    elif network.mode is not Mode.BRIDGE:
        hint = f'mode = "bridge" uses it as it is; for a network of mode {network.mode} name one that is not there'
        yield conflict(f"there is a bridge '{name}' already, which xend has not made", hint)
    elif network.interface:
        hint = "leave interface out: the bridge is used as it is, with the ports that it has"
        yield conflict(f"there is a bridge '{name}' already, which xend has not made", hint)


def _interface(network: Network, seen: Seen, ours: Callable[[str], bool]) -> Iterator[XeniaError]:
    if not network.interface:
        return
    link = seen.links.get(network.interface)
    if link is None:
        cards = sorted(each.name for each in seen.links.values() if not each.kind and each.name != "lo")
        near = difflib.get_close_matches(network.interface, seen.links, 1)
        hint = f"did you mean {near[0]}?" if near else f"cards here: {', '.join(cards) or 'none'}"
        yield not_found(f"there is no interface '{network.interface}' on this host", hint)
        return
    if network.interface in (network.bridge, "lo") or (network.port and link.kind == "bridge"):
        yield conflict(f"'{network.interface}' cannot be the interface of this network", "name a card of the host")
    elif network.port and network.vlan:
        yield from _vlan(network, seen.links.get(network.port), ours)
    elif network.port and not ours(Port(network.bridge, network.port).key):
        if link.master and link.master != network.bridge:
            yield conflict(f"'{link.name}' is a port of '{link.master}' already", f'use that: bridge = "{link.master}"')
        elif link.addresses and link.master != network.bridge:
            hint = (
                "xend takes the card that the host itself uses by the setting bridge.interface; a VLAN needs none of it"
            )
            yield conflict(f"'{link.name}' has addresses of the host: {', '.join(link.addresses)}", hint)


def _vlan(network: Network, there: Link | None, ours: Callable[[str], bool]) -> Iterator[XeniaError]:
    if there is None or ours(Vlan(network.port, "", 0).key):
        return
    if there.parent != network.interface or there.vlan != network.vlan:
        yield conflict(f"there is an interface '{there.name}' already, which is not VLAN {network.vlan}")
    elif there.master and there.master != network.bridge:
        yield conflict(f"'{there.name}' is a port of '{there.master}' already", f'use that: bridge = "{there.master}"')
    elif there.addresses:
        yield conflict(f"'{there.name}' has addresses of the host: {', '.join(there.addresses)}")


def _subnet(
    network: Network, subnet: Subnet, others: Sequence[Network], seen: Seen, ours: Callable[[str], bool]
) -> Iterator[XeniaError]:
    wanted = subnet.host.network
    for other in others:
        for their in other.subnets:
            if their.host.version == wanted.version and their.host.network.overlaps(wanted):
                yield conflict(f"{wanted} overlaps {their.network} of the network '{other.name}'", "choose another one")
    if network.proxy:  # its guests are in a subnet of the host's, by intention
        return
    own = {network.bridge, *(other.bridge for other in others if ours(Bridge(other.bridge).key))}
    for link in seen.links.values():
        for text in link.addresses if link.name not in own else ():
            if ip_interface(text).version == wanted.version and ip_interface(text).ip in wanted:
                yield conflict(f"{wanted} has the address {text} in it, which the host has on '{link.name}'", _ANOTHER)
                return
    for route in seen.routes:
        there = ip_network(route.network, strict=False)
        # A wide route, such as one of a VPN to all of 10.0.0.0/8, may have a smaller subnet in it.
        if route.interface not in own and there.version == wanted.version and _within(there, wanted):
            yield conflict(f"{wanted} overlaps {there}, which the host reaches by '{route.interface}'", _ANOTHER)
            return


def _within(inner: AnyNetwork, outer: AnyNetwork) -> bool:
    """Both are of one version."""
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer


_ANOTHER = "choose a subnet that is not in use: ip route shows those that are"


def _services(network: Network, subnet: Subnet, seen: Seen, ours: Callable[[str], bool]) -> Iterator[XeniaError]:
    """DNS and DHCP: a server that listens on all addresses of the host keeps ours from them."""
    if ours(Address(network.bridge, subnet.address).key):
        return  # it is our own dnsmasq that listens there
    everywhere = "0.0.0.0" if subnet.host.version == 4 else "::"  # noqa: S104 # it is compared, not bound
    for listener in seen.listeners:
        if listener.port == 53 and listener.address == everywhere:
            hint = "have it listen on addresses of its own (dnsmasq: bind-interfaces; unbound: interface:), or end it"
            yield conflict(f"{_who(listener)} answers DNS on all addresses of this host (port 53)", hint)
            return


def _forwards(network: Network, others: Sequence[Network], seen: Seen) -> Iterator[XeniaError]:
    for forward in network.forwards:
        for other in others:
            if any(meet(forward, their) for their in other.forwards):
                yield conflict(f"{forward} of the host is forwarded to the network '{other.name}' already")
        for listener in seen.listeners:
            same = listener.protocol == forward.protocol and forward.first <= listener.port <= forward.last
            if same and _hears(listener, forward.address):
                message = (
                    f"{_who(listener)} listens on {listener.protocol} port {listener.port}, and would hear nothing"
                )
                yield conflict(message, 'forward another port, or for one address of the host: address = "..."')


def _hears(listener: Listener, address: str) -> bool:
    """Whether it would lose what comes to `address`, "" for each address of the host."""
    if listener.address.startswith("127.") or listener.address == "::1":
        return False
    return not address or listener.address in (address, "0.0.0.0", "::")  # noqa: S104


def _who(listener: Listener) -> str:
    return listener.program or "a program"
