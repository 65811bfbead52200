"""Guests on a bridge of the host, in a network namespace of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")]


@pytest.fixture
def network() -> Iterator[str]:
    """A namespace with the bridge xenbr0."""
    name = f"xenia-{uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in ("link set lo up", "link add xenbr0 type bridge", "link set xenbr0 up"):
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def ports(network: str) -> set[str]:
    told = subprocess.run(
        ["ip", "-n", network, "-j", "link", "show", "master", "xenbr0"], check=True, capture_output=True
    )
    return {link["ifname"] for link in json.loads(told.stdout or b"[]")}


def test_two_guests_on_a_bridge_reach_each_other_and_their_ports_go_with_them(
    stopped_host: LiveHost, network: str
) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", network]
    host.start()
    guest = host.linux()
    host.ok("create", "-q", "demo")
    host.ok("create", "-q", "demo", "name=second", "disk=[]", "extra=xenia.guest=second", "vif=['vifname=uplink']")
    assert ports(network) == {"vif1.0", "uplink"}
    assert host.domain("second")["vifs"] == ["uplink"]
    with (
        Terminal(host.command("console", "demo"), host.environment) as first,
        Terminal(host.command("console", "second"), host.environment) as second,
    ):
        first.sees(guest.marker)
        first.types("ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up; echo ready $((1 + 1))\r")
        first.sees("ready 2")
        second.sees("guest second is up")
        second.types("ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up; ping -c 1 -w 30 10.9.0.1\r")
        second.sees("1 packets received")
    host.stop()
    host.start()
    assert host.domain("demo")["vifs"] == ["vif1.0"]
    host.ok("destroy", "demo", "second")
    host.nothing_left()
    until(lambda: not ports(network), "the ports are gone")


@pytest.fixture
def router(network: str) -> Iterator[str]:
    """A namespace at the other end of the wire of eth0, the card of `network`, which has no bridge."""
    name = f"xenia-{uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for place, words in (
            (network, "link del xenbr0"),
            (network, f"link add eth0 type veth peer name eth0 netns {name}"),
            (network, "addr add 10.9.0.3/24 dev eth0"),
            (name, "addr add 10.9.0.254/24 dev eth0"),
            (name, "link set eth0 up"),
            (network, "link set eth0 up"),
            (network, "route add default via 10.9.0.254"),
        ):
            subprocess.run(["ip", "-n", place, *words.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


SSHD = """
mount -t tmpfs -o mode=700 none /root && mkdir -m 700 /root/.ssh && cp "$1/key.pub" /root/.ssh/authorized_keys
exec dropbear -F -E -s -r "$1/hostkey" -P "$1/pid" -p 10.9.0.3:22
"""


class Login:
    """Somebody at the router has logged in on the host by SSH, and repeats what is typed."""

    def __init__(self, network: str, router: str, folder: Path) -> None:
        key, none = str(folder / "key"), {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(folder / "hostkey")], check=True, **none)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self._server = subprocess.Popen(
            ["ip", "netns", "exec", network, "sh", "-ec", SSHD, "sh", str(folder)], stderr=subprocess.DEVNULL
        )
        until((folder / "pid").exists, "the SSH server runs")
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
        words = ["ssh", "-F", "none", "-i", key, *(f"-o{each}" for each in options), "root@10.9.0.3", "exec cat"]
        self._client = subprocess.Popen(
            ["ip", "netns", "exec", router, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def is_alive(self) -> bool:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        self._client.stdin.write("still here\n")
        self._client.stdin.flush()
        return self._client.stdout.readline() == "still here\n"

    def end(self) -> None:
        for process in (self._client, self._server):
            process.kill()
            process.communicate()


@pytest.fixture
def login(network: str, router: str, tmp_path: Path) -> Iterator[Login]:
    login = Login(network, router, tmp_path)
    try:
        yield login
    finally:
        login.end()


def test_guests_reach_the_router_through_the_bridge_over_the_hosts_card(
    stopped_host: LiveHost, network: str, login: Login
) -> None:
    """And who has logged in on the host by SSH stays so."""
    host = stopped_host
    assert login.is_alive()
    host.inside = ["ip", "netns", "exec", network]
    with (host.root / "etc/xen/xend.toml").open("a") as settings:
        settings.write('\n[bridge]\ninterface = "eth0"\n')
    host.start()
    assert "Confirm within" in host.ok("network", "bridge")
    assert login.is_alive()
    host.ok("network", "confirm")
    guest = host.linux()
    host.ok("create", "-q", "demo")
    host.ok("create", "-q", "demo", "name=second", "disk=[]", "extra=xenia.guest=second")
    assert ports(network) == {"eth0", "vif1.0", "vif2.0"}
    with (
        Terminal(host.command("console", "demo"), host.environment) as first,
        Terminal(host.command("console", "second"), host.environment) as second,
    ):
        first.sees(guest.marker)
        first.types("ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up; ping -c 1 -w 30 10.9.0.254\r")
        first.sees("1 packets received")
        second.sees("guest second is up")
        second.types("ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up; ping -c 1 -w 30 10.9.0.254\r")
        second.sees("1 packets received")
        second.types("ping -c 1 -w 30 10.9.0.1\r")
        second.sees("1 packets received")
    host.ok("destroy", "demo", "second")
    host.ok("config", "settings", "bridge.interface=")
    host.ok("network", "bridge", "--apply")
    assert login.is_alive()
    told = subprocess.run(["ip", "-n", network, "-br", "addr", "show", "eth0"], check=True, capture_output=True)
    assert b"10.9.0.3/24" in told.stdout


def test_a_bridge_that_is_not_there_is_told_with_the_way_out(stopped_host: LiveHost, network: str) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", network]
    host.start()
    file = host.hvm("a", "vif = ['', 'bridge=nosuch']\n")
    said = host.xm("create", "a")
    assert said.code == 3
    assert f"{file}:4:12: error:" in said.err
    assert "nosuch" in said.err
    assert "ip link add nosuch type bridge" in said.err
    assert ports(network) == set()
    host.nothing_left()
