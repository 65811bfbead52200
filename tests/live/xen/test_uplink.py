"""The host's bridge over the card by which this very test reaches Domain-0."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

ADDRESS, GUEST, GATEWAY = "10.0.2.15", "10.0.2.77", "10.0.2.2"
"""Of dom0 on eth0, of a guest there, and of the end of the wire."""

LOOK = """\
ip -d addr show dev "$1"
ip route show table all dev "$1"
ip -6 route show table all dev "$1"
ip rule
ip -6 rule
sysctl "net.ipv4.conf.$1" "net.ipv6.conf.$1" "net.ipv4.neigh.$1" "net.ipv6.neigh.$1" 2>&1 || true
"""
"""One of the settings cannot be read before it is set."""


def look(host: XenHost, name: str) -> str:
    """An interface as independent tools show it, but for what counts down."""
    said = host.sh(LOOK, name)
    assert said.code == 0, said
    return re.sub(r"(valid_lft|preferred_lft|expires) \S+", "", said.out)


class Login:
    """Somebody in the world has logged in on dom0 by SSH, and repeats what is typed."""

    def __init__(self, host: XenHost) -> None:
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
        words = ["ssh", "-F", "none", "-i", str(host.key), "-p", str(host.ssh_port), *(f"-o{each}" for each in options)]
        self._ssh = subprocess.Popen(
            [*words, "root@127.0.0.1", "exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def is_alive(self) -> bool:
        assert self._ssh.stdin is not None
        assert self._ssh.stdout is not None
        self._ssh.stdin.write("still here\n")
        self._ssh.stdin.flush()
        return self._ssh.stdout.readline() == "still here\n"

    def end(self) -> None:
        self._ssh.kill()
        self._ssh.communicate()


@pytest.fixture
def login(xen_host: XenHost) -> Iterator[Login]:
    login = Login(xen_host)
    try:
        yield login
    finally:
        login.end()


def test_the_card_of_dom0_goes_below_the_bridge_and_comes_back(xen_host: XenHost, login: Login) -> None:
    host = xen_host

    def xm(*words: str) -> str:
        said = host.xm(*words)
        assert said.code == 0, said
        return said.out

    host.ok("ip", "route", "add", "default", "via", GATEWAY)
    host.ok("ip", "link", "del", "xenbr0")  # the lab's own
    assert "without a card" in xm("network", "bridge", "--apply")
    assert login.is_alive()
    before = look(host, "eth0")
    assert f"inet {ADDRESS}/24" in before
    assert f"default via {GATEWAY}" in before

    xm("config", "settings", "bridge.interface=eth0")
    assert "Confirm within" in xm("network", "bridge", "--apply")
    assert login.is_alive()
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    assert "seconds more" in xm("network", "bridge")  # what watches over it has gone on without xend
    assert "over the card eth0" in xm("network", "confirm")
    card, bridge = look(host, "eth0"), look(host, "xenbr0")
    assert "master xenbr0" in card
    assert ADDRESS not in card
    assert f"inet {ADDRESS}/24" in bridge
    assert f"default via {GATEWAY}" in bridge

    file = guests.file("pvh", "pvh", "vif = ['']", extra=f"quiet xenia.address={GUEST}/24")
    host.put("/etc/xen/pvh.cfg", file.encode())
    xm("create", "pvh")
    (domid,) = xm("domid", "pvh").split()
    assert f"vif{domid}.0" in host.ok("ip", "-br", "link", "show", "master", "xenbr0")
    host.hears("pvh", guests.marker("pvh"))
    pings = f"ping -c 1 -W 30 {GATEWAY} && ping -c 1 -W 30 {ADDRESS} && echo both $((30 + 3))"
    talk(host, "xm", "console", "pvh", typed=pings, awaited="both 33", seconds=120)
    xm("destroy", "pvh")
    nothing_left(host)

    xm("config", "settings", "bridge.interface=")
    assert "without a card" in xm("network", "bridge", "--apply")
    assert login.is_alive()
    # What the router at the end of the wire advertises is learnt anew.
    until(lambda: look(host, "eth0") == before, "the card is as it was", 60, every=1)
