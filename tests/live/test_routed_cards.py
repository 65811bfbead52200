"""Cards that the host routes to (script=vif-route), with both IPs: the world reaches them and they the world, under
their own addresses and no others; whoever removes a part, and while no xend is there; and the host is as it was after.
"""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal
from tests.support.wire import Wire

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")]

CARD = "script=vif-route, ip=192.0.2.77 2001:db8::77, gatewaydev=eth0"
OWN = (
    "addr add 192.0.2.77/32 dev eth0",
    *("route add 192.0.2.1 dev eth0", "route add default via 192.0.2.1"),
    *("-6 addr add 2001:db8::77/128 dev eth0", "-6 route add default via fe80::1 dev eth0"),
)


def in_the_network(host: LiveHost, wire: Wire) -> None:
    host.inside = ["ip", "netns", "exec", wire.host]
    wire.run(wire.host, "sysctl", "-qw", "net.ipv6.conf.all.accept_redirects=0")
    host.start()


def pings(wire: Wire, address: str) -> bool:
    """Whether the world reaches it."""
    words = ["ip", "netns", "exec", wire.world, "busybox", "ping", "-q", "-c", "1", "-W", "2", address]
    return not subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode


def asked_by_arp(wire: Wire, address: str) -> bool:
    """Whether somebody answers for it on the wire of the world."""
    words = ["ip", "netns", "exec", wire.world, "busybox", "arping", "-f", "-c", "2", "-w", "3", "-I", "eth0", address]
    return not subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode


def does(guest: Terminal, words: str, number: int, *, fails: bool = False) -> None:
    """The guest does it, or must not be able to."""
    guest.types(f"{words} >/dev/null 2>&1 {'||' if fails else '&&'} echo done $(({number} + 0))\r")
    guest.sees(f"done {number}")


def test_a_routed_card_is_in_the_world_under_its_own_addresses(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    in_the_network(host, wire)
    before = wire.look()
    guest = host.linux()
    host.ok("create", "-q", "demo", f"vif=['{CARD}']")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        does(screen, "ip link set eth0 up", 11)
        for number, words in enumerate(OWN, 20):
            does(screen, f"ip {words}", number)
        does(screen, "ping -c 1 -W 5 192.0.2.2", 31)
        does(screen, "until ping -c 1 -W 2 2001:db8::2; do sleep 1; done", 32)
        assert pings(wire, "192.0.2.77")
        assert pings(wire, "2001:db8::77")
        assert asked_by_arp(wire, "192.0.2.77")
        assert not asked_by_arp(wire, "192.0.2.79")
        # It has no other address, whatever it says.
        does(screen, "ip addr add 192.0.2.78/32 dev eth0; ip addr add 2001:db8::78/128 dev eth0", 41)
        does(screen, "ping -c 1 -W 1 -I 192.0.2.78 192.0.2.2", 42, fails=True)
        does(screen, "ping -c 1 -W 1 -I 2001:db8::78 2001:db8::2", 43, fails=True)
        assert not pings(wire, "192.0.2.78")
        host.stop()
        does_without_xend(wire)
        host.start()
        # What somebody removes is brought back, at the latest by the next xend.
        wire.ip(wire.host, "neigh del proxy 192.0.2.77 dev eth0")
        wire.ip(wire.host, "route del 192.0.2.77/32 dev vif1.0")
        host.stop()
        host.start()
        until(lambda: pings(wire, "192.0.2.77"), "the route is there again")
        said = host.xm("create", "-q", "demo", "name=second", "disk=[]", f"vif=['{CARD}']")
        assert (said.code, "ip=192.0.2.77 is that of a card of 'demo'" in said.err) == (5, True)
    host.ok("destroy", "demo")
    host.nothing_left()
    until(lambda: wire.look() == before, "the host is as it was")


def does_without_xend(wire: Wire) -> None:
    assert pings(wire, "192.0.2.77")
    assert pings(wire, "2001:db8::77")


def test_a_prefix_is_routed_to_a_card_that_is_plugged_in(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    in_the_network(host, wire)
    wire.ip(wire.world, "route add 198.51.100.8/29 via 192.0.2.1")
    before = wire.look()
    guest = host.linux()
    host.ok("create", "-q", "demo", "vif=[]")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        host.ok(*("network-attach", "demo"), "script=vif-route", "ip=198.51.100.8/29", "gateway=198.51.100.9")
        assert "198.51.100.9/32" in wire.run(wire.host, "ip", "addr", "show", "vif1.0")
        does(screen, "ip link set eth0 up", 11)
        does(screen, "ip addr add 198.51.100.10/29 dev eth0 && ip route add default via 198.51.100.9", 12)
        does(screen, "ping -c 1 -W 5 192.0.2.2", 13)
        assert pings(wire, "198.51.100.10")
        host.ok("network-detach", "demo", "0")
        until(lambda: wire.look() == before, "the host is as it was")
    host.ok("destroy", "demo")
    host.nothing_left()


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("script=vif-route", "it names none"),
        ("script=vif-route, ip=192.0.2.1", "the host itself has ip=192.0.2.1, on 'eth0'"),
        ("script=vif-route, ip=192.0.2.0/24", "has the address 192.0.2.1 in it, which the host has on 'eth0'"),
        ("script=vif-route, ip=192.0.2.77, gatewaydev=eth7", "there is no interface 'eth7' on this host"),
        ("script=vif-route, ip=192.0.2.77", "where its default route leads"),
        ("script=vif-route, ip=192.0.2.77, gateway=192.0.2.77", "is the guest's own address"),
    ],
)
def test_what_cannot_be_routed_is_refused(stopped_host: LiveHost, wire: Wire, card: str, said: str) -> None:
    host = stopped_host
    in_the_network(host, wire)
    before = wire.look()
    host.linux()
    refused = host.xm("create", "-q", "demo", f"vif=['{card}']")
    assert refused.code != 0
    assert said in refused.err
    host.nothing_left()
    assert wire.look() == before


def test_a_routed_network_is_answered_for_with_both_ips(stopped_host: LiveHost, wire: Wire) -> None:
    """Its subnets are parts of those of the host's own network."""
    host = stopped_host
    in_the_network(host, wire)
    before = wire.look()
    guest = host.linux()
    subnets = ("--subnet", "192.0.2.128/28", "--subnet", "2001:db8::100/120")
    host.ok("network", "create", "dmz", "--routed", "--interface", "eth0", "--proxy", *subnets)
    host.ok("create", "-q", "demo", "vif=['network=dmz, ip=192.0.2.130 2001:db8::185']")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        does(
            screen, "ip link set eth0 up && udhcpc -i eth0 -q -n -t 20 -T 1 -s /bin/true 2>&1 | grep -q 192.0.2.130", 11
        )
        does(screen, "ip addr show eth0 | grep -q 192.0.2.130/28", 12)  # it has taken its lease as it came up
        # The router tells of itself, sooner or later: what is added before is in its way, what comes after is replaced.
        does(screen, "until ip -6 route | grep -q '^default via fe80'; do sleep 1; done", 13)
        does(screen, "ip -6 addr add 2001:db8::185/120 dev eth0 && ip -6 route replace default via 2001:db8::101", 14)
        does(screen, "until ping -c 1 -W 2 2001:db8::2; do sleep 1; done", 15)
        assert pings(wire, "192.0.2.130")
        assert pings(wire, "2001:db8::185")
    host.ok("destroy", "demo")
    host.nothing_left()
    until(lambda: host.xm("network", "delete", "dmz").code == 0, "the network is removed")
    until(lambda: wire.look() == before, "the host is as it was")


def test_a_card_for_nat_is_leased_the_address_of_its_guest_file(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    in_the_network(host, wire)
    guest = host.linux()
    host.ok("create", "-q", "demo", "vif=['script=vif-nat, ip=10.88.69.7']")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        does(
            screen, "ip link set eth0 up && udhcpc -i eth0 -q -n -t 20 -T 1 -s /bin/true 2>&1 | grep -q 10.88.69.7", 11
        )
    host.ok("destroy", "demo")
    host.nothing_left()
    until(lambda: host.xm("network", "delete", "xennat0").code == 0, "the network is removed")
