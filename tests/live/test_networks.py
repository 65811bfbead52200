"""A NAT network with two guests on it, and a world around: leases, names, the way out, the way in, both IPs; what is
removed comes back, xend may be dead, and the host is as it was afterwards.

All of it is in network namespaces: `host` with the xend, and `world`, which is what its card leads to.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal
from tests.support.wire import Wire

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")]

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
        # Each is held to what it was leased.
        until(lambda: "10.20.0.22" in rules(wire, "vif2.0"), "the second is held to its lease")
        heads, *rows = host.ok("list", "-o", "wide").splitlines()
        (row,) = [each for each in rows if each.startswith("second ")]
        assert row[heads.index("Addresses") :].startswith("10.20.0.22")
        (card,) = json.loads(host.ok("network-list", "-o", "json", "second"))
        assert card["addresses"][0] == {"ip": "10.20.0.22", "source": "lease"}
        assert (card["bridge"], card["interface"], card["stats"]["tx_packets"] > 0) == ("lan", "vif2.0", True)
        host.ok("network-configure", "--live", "second", "0", "link=down")
        first.types("ping -c 1 -w 1 10.20.0.22 >/dev/null || echo alone $((80 + 2))\r")
        first.sees("alone 82")
        second.types("until grep -q 0 /sys/class/net/eth0/carrier; do :; done; echo unlinked $((80 + 3))\r")
        second.sees("unlinked 83")
        host.ok("network-configure", "--live", "second", "0", "link=up")
        second.types("until grep -q 1 /sys/class/net/eth0/carrier; do :; done; echo linked $((80 + 4))\r")
        second.sees("linked 84")
        second.types("ip addr add 10.20.0.77/24 dev eth0; echo also $((70 + 7))\r")
        second.sees("also 77")
        first.types("ping -c 1 -w 2 10.20.0.77 >/dev/null || echo held $((60 + 2))\r")
        first.sees("held 62")
        first.types("nslookup second.lab; ping -c 1 second && echo heard $((40 + 2))\r")
        first.sees("10.20.0.22")
        first.sees("heard 42")
        first.types("nc 192.0.2.2 7000 </dev/null\r")
        first.sees("you are 192.0.2.1")
        # By router advertisements it has an address of IPv6, and a way out.
        first.types("until ping -c 1 -w 2 2001:db8::2 >/dev/null; do :; done; nc 2001:db8::2 7000 </dev/null\r")
        first.sees("you are 2001:db8::1")
        # The world gets in by the port that is forwarded, and so does a guest that asks the host for it.
        second.types("nc -ll -p 80 -e /bin/echo second is here &\r")
        second.types("until netstat -ltn | grep -q ':80 '; do :; done; echo listens $((80 + 5))\r")
        second.sees("listens 85")
        assert asked(wire, "192.0.2.1", 8080) == "second is here\n"
        first.types("nc 192.0.2.1 8080 </dev/null\r")
        first.sees("second is here")
        assert not asked(wire, "10.20.0.22", 80), "by no other way"
        independent_tools_look_on(host, wire, first)
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


def independent_tools_look_on(host: LiveHost, wire: Wire, first: Terminal) -> None:
    """nmap finds what is forwarded and no more; tcpdump sees a guest's own addresses, and none that it makes up."""
    scan = wire.run(wire.world, *["nmap", "-n", "-Pn", "-T5", "-p", "1-9000", "--open", "-oG", "-", "192.0.2.1"])
    assert re.findall(r"(\d+)/open/tcp", scan) == ["8080"], scan
    scan = wire.run(wire.world, *["nmap", "-n", "-Pn", "-T5", "-sU", "-p", "53,67,547", "-oG", "-", "192.0.2.1"])
    assert "/open/udp" not in scan, scan
    words = ["ip", "netns", "exec", wire.host, "tcpdump", "-l", "-e", "-n", "-i", "vif2.0", "icmp or arp"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        assert watcher.stderr is not None
        assert "verbose output" in watcher.stderr.readline()
        first.types("ip link add mac0 link eth0 address 00:16:3e:00:00:99 type macvlan; ip link set mac0 up\r")
        first.types("ip addr add 10.20.0.99/24 dev mac0; ping -c 3 -i 0.2 -w 1 -I mac0 10.20.0.22 >/dev/null\r")
        first.types("ip link del mac0; ping -c 2 10.20.0.22 >/dev/null; echo pinged $((30 + 3))\r")
        first.sees("pinged 33")
        seen = []
        while not seen or seen.count("echo") < 2:
            line = watcher.stdout.readline()
            seen += ["echo"] if "echo request" in line else []
            assert "00:16:3e:00:00:99" not in line, line
            assert "10.20.0.99" not in line, line
        watcher.terminate()


def removed_things_come_back(host: LiveHost, wire: Wire) -> None:
    (old,) = dnsmasqs(host)
    os.kill(old, signal.SIGKILL)
    until(lambda: [pid for pid in dnsmasqs(host) if pid != old], "dnsmasq runs again")
    cards = rules(wire, "vif1.0"), rules(wire, "vif2.0")
    wire.run(wire.host, "nft", "flush", "ruleset")
    until(lambda: "masquerade" in wire.run(wire.host, "nft", "list", "ruleset"), "the rules are there again")
    until(lambda: (rules(wire, "vif1.0"), rules(wire, "vif2.0")) == cards, "the rules of the cards are there again")
    wire.run(wire.host, "ip", "link", "del", "lan")
    until(
        lambda: wire.run(wire.host, "ip", "-o", "link").count(" master lan ") == 2,
        "the bridge is there again, and the guests are on it",
    )
    until(lambda: not host.ok("network", "plan").startswith("make"), "all is as defined")


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=[pytest.mark.full, pytest.mark.timeout(900)])])
def test_networks_that_come_and_go_leave_nothing(stopped_host: LiveHost, wire: Wire, rounds: int) -> None:
    """A network of each kind, a guest with a card on each; the host is as it was after each round."""
    host = stopped_host
    host.inside = ["ip", "netns", "exec", wire.host]
    host.start()
    kinds = {
        "lan": ("--nat", "--subnet", "10.20.0.0/24"),
        "dmz": ("--routed", "--subnet", "10.30.0.0/24"),
        "alone": ("--isolated", "--subnet", "10.40.0.0/24"),
    }
    cards = ",".join(f"'network={name}'" for name in kinds)
    host.hvm("web", f"vif = [{cards}]\n")
    wire.run(wire.host, "sysctl", "-qw", "net.ipv6.conf.all.accept_redirects=0")
    before = wire.look()
    for _ in range(rounds):
        for name, words in kinds.items():
            host.ok("network", "create", name, *words)
        host.ok("create", "-q", "web")
        host.ok("destroy", "web")
        host.nothing_left()
        for name in kinds:
            until(lambda name=name: host.xm("network", "delete", name).code == 0, "it is removed")  # type: ignore[misc]
        assert not dnsmasqs(host)
        until(lambda: wire.look() == before, "the host is as it was")


def rules(wire: Wire, card: str) -> str:
    """Those of a card, but for what they have counted; "" where there are none."""
    with suppress(subprocess.CalledProcessError):
        return re.sub(
            r"packets \d+ bytes \d+", "", wire.run(wire.host, "nft", "list", "chain", "netdev", "xenia", card)
        )
    return ""


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
