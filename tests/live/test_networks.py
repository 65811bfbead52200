"""A NAT network with two guests on it, and a world around: leases, names, the way out, the way in, both IPs; what is
removed comes back, xend may be dead, and the host is as it was afterwards.

All of it is in network namespaces: `host` with the xend, and `world`, which is what its card leads to.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")]

LOOK = (
    *("ip -d addr show", "ip route show table all", "ip -6 route show table all", "nft list ruleset"),
    "sysctl net.ipv4.ip_forward net.ipv4.conf net.ipv6.conf",
)
PEER = """
import socket, sys
server = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    connection, peer = server.accept()
    connection.sendall(b"you are " + peer[0].removeprefix("::ffff:").encode() + b"\\n")
    connection.close()
"""
"""A server of the world that tells who asks."""

DHCP = """
case $1 in bound|renew)
ip addr add $ip/$mask dev $interface; ip route add default via $router; echo nameserver $dns >/etc/resolv.conf;;
esac
"""


class Wire:
    """The two namespaces."""

    def __init__(self) -> None:
        self.host, self.world = (f"xn{uuid4().hex[:6]}{end}" for end in "hw")
        for name in (self.host, self.world):
            subprocess.run(["ip", "netns", "add", name], check=True)
        self.ip(self.host, f"link add eth0 type veth peer name eth0 netns {self.world}")
        for name, last in ((self.host, 1), (self.world, 2)):
            for words in (
                *("link set lo up", "link set eth0 up", f"addr add 192.0.2.{last}/24 dev eth0"),
                f"addr add 2001:db8::{last}/64 dev eth0 nodad",
            ):
                self.ip(name, words)
        until(lambda: "tentative" not in self.run(self.host, "ip", "addr", "show"), "the host's addresses are its own")

    def ip(self, name: str, words: str) -> None:
        subprocess.run(["ip", "-n", name, *words.split()], check=True)

    def run(self, name: str, *words: str) -> str:
        done = subprocess.run(["ip", "netns", "exec", name, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def look(self) -> list[str]:
        """The host's network as independent tools show it, but for what counts down."""
        shown = [self.run(self.host, *words.split()) for words in LOOK]
        return [re.sub(r"(valid_lft|preferred_lft|expires) \S+", "", text) for text in shown]

    def close(self) -> None:
        for name in (self.host, self.world):
            for pid in subprocess.run(
                ["ip", "netns", "pids", name], capture_output=True, text=True, check=False
            ).stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    try:
        yield wire
    finally:
        wire.close()


def dnsmasqs(host: LiveHost) -> list[int]:
    """Its processes, by their words."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and f"--conf-file={host.root}/run".encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def lease(guest: Terminal) -> None:
    """The guest gets itself an address."""
    for line in DHCP.strip().splitlines():
        guest.types(f"echo '{line}' >>/etc/dhcp.sh\r")
    guest.types("ip link set eth0 up; chmod +x /etc/dhcp.sh; sed -i '1i#!/bin/sh' /etc/dhcp.sh\r")
    guest.types("udhcpc -i eth0 -q -n -t 20 -T 1 -s /etc/dhcp.sh >/dev/null && echo leased $((20 + 3))\r")
    guest.sees("leased 23")


def test_a_nat_network_with_two_guests(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", wire.host]
    server = subprocess.Popen(
        ["ip", "netns", "exec", wire.world, host.python, "-c", PEER], stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        host.start()
        wire.run(wire.host, "sysctl", "-qw", "net.ipv6.conf.all.accept_redirects=0")
        before = wire.look()
        host.ok(
            *("network", "create", "lan", "--nat", "--domain", "lab"),
            *("--subnet", "10.20.0.0/24", "--subnet", "fd00:20::/64"),
            *("--lease", "00:16:3e:00:00:22=10.20.0.22", "--forward", "8080:10.20.0.22:80"),
        )
        try:
            in_the_network(host, wire)
        finally:
            server.kill()
    host.ok("destroy", "demo", "second")
    host.nothing_left()
    until(lambda: "guests  none" in host.ok("network", "show", "lan"), "no guest is on it")
    until(lambda: host.xm("network", "delete", "lan").code == 0, "the network is removed")
    assert not dnsmasqs(host)
    until(lambda: "netdev" not in wire.run(wire.host, "nft", "list", "ruleset"), "the cards' rules have gone")
    assert wire.look() == before


def in_the_network(host: LiveHost, wire: Wire) -> None:
    guest = host.linux()
    mac = "vif=['network=lan,mac=00:16:3e:00:00:{}']"
    host.ok("create", "-q", "demo", mac.format("11"))
    host.ok("create", "-q", "demo", "name=second", "disk=[]", "extra=xenia.guest=second", mac.format("22"))
    with (
        Terminal(host.command("console", "demo"), host.environment) as first,
        Terminal(host.command("console", "second"), host.environment) as second,
    ):
        first.sees(guest.marker)
        lease(first)
        second.sees("guest second is up")
        lease(second)
        second.types("ip -4 addr show dev eth0 | grep -c '10[.]20[.]0[.]22/24'\r")
        second.sees("\n1")
        first.types("nslookup second.lab; ping -c 1 second && echo heard $((40 + 2))\r")
        first.sees("10.20.0.22")
        first.sees("heard 42")
        first.types("nc 192.0.2.2 7000 </dev/null\r")
        first.sees("you are 192.0.2.1")
        # By router advertisements it has an address of IPv6, and a way out.
        first.types("until ping -c 1 -w 2 2001:db8::2 >/dev/null; do :; done; nc 2001:db8::2 7000 </dev/null\r")
        first.sees("you are 2001:db8::1")
        # The world gets in by the port that is forwarded, and so does a guest that asks the host for it.
        second.types("while :; do echo 'second is here' | nc -l -p 80; done &\r")
        second.types("netstat -ltn\r")
        second.sees(":80 ")
        assert asked(wire, "192.0.2.1", 8080) == "second is here\n"
        first.types("nc 192.0.2.1 8080 </dev/null\r")
        first.sees("second is here")
        assert not asked(wire, "10.20.0.22", 80), "by no other way"
        removed_things_come_back(host, wire)
        first.types("nc 192.0.2.2 7000 </dev/null; ping -c 1 -w 5 second.lab && echo heard $((50 + 2))\r")
        first.sees("you are 192.0.2.1")
        first.sees("heard 52")
        # While xend is dead, which takes the console along, the guest gets its lease anew.
        leases = host.root / "var/lib/xenia/networks/lan.leases"
        first.types("echo going $((1 + 1)); sleep 1; nslookup second.lab >/run/n;")
        first.types(" udhcpc -i eth0 -q -n -s /bin/true; grep 10.2 /run/n\r")
        first.sees("going 2")
        host.stop()
        before = leases.stat().st_mtime_ns
        until(lambda: leases.stat().st_mtime_ns != before, "the lease is given again")
        running = dnsmasqs(host)
        host.start()
        assert dnsmasqs(host) == running
        first.sees("10.20.0.22")
        assert "00:16:3e:00:00:22  second" in host.ok("network", "show", "lan")
        said = host.xm("network", "delete", "lan")
        assert (said.code, "is in use: demo, second run on it" in said.err) == (5, True)


def removed_things_come_back(host: LiveHost, wire: Wire) -> None:
    (old,) = dnsmasqs(host)
    os.kill(old, signal.SIGKILL)
    until(lambda: [pid for pid in dnsmasqs(host) if pid != old], "dnsmasq runs again")
    wire.run(wire.host, "nft", "flush", "ruleset")
    until(lambda: "masquerade" in wire.run(wire.host, "nft", "list", "ruleset"), "the rules are there again")
    wire.run(wire.host, "ip", "link", "del", "lan")
    until(
        lambda: wire.run(wire.host, "ip", "-o", "link").count(" master lan ") == 2,
        "the bridge is there again, and the guests are on it",
    )
    until(lambda: not host.ok("network", "plan").startswith("make"), "all is as defined")


def asked(wire: Wire, address: str, port: int) -> str:
    """What a server answers to the world."""
    client = subprocess.run(
        ["ip", "netns", "exec", wire.world, "busybox", "nc", "-w", "3", address, str(port)],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return client.stdout
