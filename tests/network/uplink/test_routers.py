"""What the host has learnt from a router's advertisements (IPv6) is the bridge's, and goes on being learnt there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.network.uplink.wire import BRIDGE, CARD, Wire

from xenia.network.uplink.watchdog import CONFIRM

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")


@pytest.fixture
def advertised(host: Wire, tmp_path: Path) -> Iterator[None]:
    """The router advertises itself and the network fd05::/64; the host has learnt of both."""
    host.router("addr add fd05::1/64 dev r0 nodad")
    words = "--keep-in-foreground --conf-file=/dev/null --port=0 --interface=r0 --bind-interfaces --user=root"
    ranges = "--enable-ra --dhcp-range=fd05::,ra-only,64,1h --ra-param=r0,60,1800"
    with host.at_router():
        # A router that does not forward says so in each answer, and is forgotten.
        Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
        dnsmasq = subprocess.Popen(["dnsmasq", *words.split(), *ranges.split(), f"--pid-file={tmp_path}/pid"])
    try:
        until(lambda: learnt(host, CARD) and "fd05" in made(host), "the router is known")
        until(lambda: "tentative" not in made(host), "the address is taken")
        yield
    finally:
        dnsmasq.terminate()
        dnsmasq.wait()


def learnt(host: Wire, name: str) -> list[dict[str, Any]]:
    """The default routes that routers have told of."""
    return list(json.loads(host.ip(f"-j -6 route show default proto ra dev {name}") or "[]"))


def made(host: Wire) -> str:
    """The card's addresses that were made of what it has told."""
    return host.ip(f"-6 addr show dev {CARD} dynamic scope global")


def without_order(shown: dict[str, Any]) -> dict[str, Any]:
    """The kernel may make an address of what the router tells before it is said again, and so in another place."""
    for link in shown["addr show"]:
        link["addr_info"].sort(key=json.dumps)
    return shown


def until(done: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, f"not so within 20 s: {what}"
        time.sleep(0.05)


def test_what_routers_tell_is_learnt_on_the_bridge_and_on_the_card_again(host: Wire, advertised: None) -> None:
    before = without_order(host.shown())
    (route,) = learnt(host, CARD)
    watchdog = host.take(seconds=600)
    watchdog.says()
    assert learnt(host, BRIDGE), "there is a way out at every moment"
    watchdog.tell(CONFIRM)
    watchdog.ends()
    found = [(each["gateway"], each["metric"]) for each in learnt(host, BRIDGE)]
    assert found == [(route["gateway"], route["metric"])], "the kernel's own has taken the place of the stand-in"
    address = json.loads(host.ip(f"-j -6 addr show dev {BRIDGE} dynamic scope global"))
    made_of_it = [each for each in address[0]["addr_info"] if each.get("local", "").startswith("fd05::")]
    assert [each["mngtmpaddr"] for each in made_of_it] == [True]
    host.give_back().ends()
    assert without_order(host.shown()) == before
