"""What the host needs for cards that it routes to; and the same of the kernel."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.model.vif import Vif
from xenia.network.dnsmasq import Dnsmasq
from xenia.network.host import Link, Route, Seen
from xenia.network.kernel import KernelHost
from xenia.network.nft import Nft
from xenia.network.route_things import Proxied, RouteTo
from xenia.network.routed import RoutedCard, objections, routed_card, without
from xenia.network.simulated import SimulatedNetworkHost
from xenia.network.things import Thing
from xenia.network.written import read_back, written

Ip = Callable[..., str]

ETH0 = Link("eth0", 2, up=True, addresses=("192.0.2.1/24", "2001:db8::1/64"))
WORLD = [Route("192.0.2.0/24", "eth0"), Route("2001:db8::/64", "eth0")]


def seen(*links: Link, routes: list[Route] = WORLD, outlet: str = "eth0") -> Seen:
    return Seen({link.name: link for link in (ETH0, *links)}, routes, (), {}, None, {}, frozenset(), outlet)


def things(card: Vif, host: Seen | None = None) -> set[str]:
    return {thing.words for thing in routed_card(card, "vif1.0").things(host or seen())}


def test_the_host_speaks_to_a_card_as_it_is_called_elsewhere() -> None:
    assert things(Vif(script="vif-route", ip=("198.51.100.7",))) == {
        "net.ipv4.conf.vif1.0.proxy_arp = 1",
        "net.ipv4.neigh.vif1.0.proxy_delay = 0",
        "address 192.0.2.1/32 on vif1.0",
        "route to 198.51.100.7/32 by vif1.0",
    }


@pytest.mark.parametrize(
    ("gateway", "has", "has_not"),
    [
        ("198.51.100.1", "address 198.51.100.1/32 on vif1.0", "address 192.0.2.1/32 on vif1.0"),
        # The router of the host's own network: its address stays its own.
        ("192.0.2.254", "address 192.0.2.1/32 on vif1.0", "address 192.0.2.254/32 on vif1.0"),
        ("fe80::9", "address fe80::9/64 on vif1.0", "address fe80::1/64 on vif1.0"),
        ("2001:db8:5::1", "address 2001:db8:5::1/128 on vif1.0", "answers for 2001:db8:5::1 on vif1.0"),
        ("2001:db8::fe", "answers for 2001:db8::fe on vif1.0", "address 2001:db8::fe/128 on vif1.0"),
    ],
)
def test_what_the_guest_takes_for_its_gateway(gateway: str, has: str, has_not: str) -> None:
    found = things(Vif(script="vif-route", ip=("198.51.100.7", "2001:db8:5::7"), gateway=gateway))
    assert has in found
    assert has_not not in found


def test_the_gateways_of_other_cards_are_none_of_the_hosts() -> None:
    other = RoutedCard("vif2.0", ("198.51.100.8",), ("198.51.100.1",))
    there = seen(
        Link("vif2.0", 9, "tun", up=True, addresses=("198.51.100.1/32",)),
        routes=[*WORLD, Route("198.51.100.8/32", "vif2.0")],
    )
    found = things(Vif(script="vif-route", ip=("198.51.100.7",), gateway="198.51.100.1"), without((other,), there))
    assert "address 198.51.100.1/32 on vif1.0" in found


def test_single_addresses_are_answered_for() -> None:
    card = Vif(script="vif-route", ip=("192.0.2.77", "192.0.2.64/29", "2001:db8::77"), gatewaydev="eth0")
    found = things(card)
    assert {"answers for 192.0.2.77 on eth0", "answers for 2001:db8::77 on eth0"} <= found
    assert "net.ipv6.conf.eth0.proxy_ndp = 1" in found
    assert not any("192.0.2.64" in each for each in found if each.startswith("answers"))


def test_the_emulated_end_comes_first() -> None:
    ends = (RoutedCard(f"vif1.0{name}", ("192.0.2.7",), emulated=bool(name)) for name in ("", "-emu"))
    real, emulated = (next(each for each in end.things(seen()) if isinstance(each, RouteTo)) for end in ends)
    assert emulated.metric < real.metric


@pytest.mark.parametrize(
    ("card", "host", "said"),
    [
        (Vif(ip=("192.0.2.1",)), seen(), "the host itself has ip=192.0.2.1, on 'eth0'"),
        (Vif(ip=("192.0.2.0/25",)), seen(), "ip=192.0.2.0/25 has the address 192.0.2.1 in it"),
        (Vif(ip=("192.0.2.7",)), seen(routes=[Route("192.0.2.7/32", "tun0")]), "reaches ip=192.0.2.7 by 'tun0'"),
        (Vif(ip=("192.0.2.7",), gatewaydev="eth1"), seen(), "there is no interface 'eth1' on this host"),
        (Vif(ip=("192.0.2.7",)), seen(outlet=""), "the host has no IPv4 address where its default route leads"),
        (Vif(ip=("192.0.2.7",), gateway="10.0.0.1"), seen(outlet=""), ""),
        (Vif(ip=("2001:db8::7",)), seen(outlet=""), ""),
    ],
)
def test_what_speaks_against_a_card(card: Vif, host: Seen, said: str) -> None:
    found = [error.message for error in objections(routed_card(card, ""), host)]
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_things_come_back_from_what_was_written() -> None:
    for thing in (RouteTo("192.0.2.7/32", "vif1.0", "192.0.2.1", 2), Proxied("eth0", "192.0.2.7")):
        assert read_back(json.loads(json.dumps(written(thing)))) == thing


async def test_the_kernel_has_what_is_made_and_nothing_after(ip: Ip, tmp_path: Path) -> None:
    for name in ("eth0", "vif1.0"):
        ip("link", "add", name, "up", "type", "veth", "peer", "name", f"{name}-far")
        ip("link", "set", f"{name}-far", "up")
    ip("addr", "add", "192.0.2.1/24", "dev", "eth0")
    ip("route", "add", "default", "via", "192.0.2.254", "dev", "eth0")
    host = KernelHost(Dnsmasq(tmp_path, tmp_path), Nft(), privileged=True)
    assert (await host.see()).outlet == "eth0"
    card = RoutedCard("vif1.0", ("192.0.2.77", "2001:db8::77"), device="eth0")
    made: list[Thing] = list(card.things(await host.see()))
    for thing in made:
        if thing.wrong(await host.see(), host):
            await thing.make(host)
    there = await host.see()
    assert [thing.words for thing in made if thing.wrong(there, host)] == []
    assert "192.0.2.77 dev vif1.0 proto static scope link src 192.0.2.1" in ip("-4", "route", "show")
    assert "192.0.2.77 dev eth0 proxy" in ip("neigh", "show", "proxy")
    for _ in range(2):
        for thing in reversed(made):
            await thing.unmake(host)
    assert ip("neigh", "show", "proxy") + ip("-6", "neigh", "show", "proxy") == ""
    assert "vif1.0" not in ip("-4", "route", "show")


async def test_a_simulated_host_does_as_the_kernel_does() -> None:
    host = SimulatedNetworkHost(ends=lambda: ["vif1.0"])
    made = list(RoutedCard("vif1.0", ("192.0.2.77",), device="eth0").things(await host.see()))
    for thing in made:
        await thing.make(host)
    there = await host.see()
    assert [thing.words for thing in made if thing.wrong(there, host)] == []
    host.ends = tuple
    gone = await host.see()
    assert "vif1.0" not in gone.links
    assert all(route.interface != "vif1.0" for route in gone.routes)
