"""Cards of guests that are no ports of a bridge: the host routes to them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest
from tests.live.xen.walk.kinds import FILES
from tests.live.xenlab.console import talk
from tests.live.xenlab.guests import marker
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

CARD = "script=vif-route, ip=198.51.100.7 2001:db8::7, gateway=198.51.100.1"
OWN = (
    "ip link set eth0 up; ip addr add 198.51.100.7/32 dev eth0; ip route add 198.51.100.1 dev eth0;"
    " ping -c 1 -W 5 198.51.100.1; until ping -c 1 -W 5 fe80::1%eth0; do sleep 1; done"
)
"""The guest's own IPv6 address is its link's; it must not be used before the guest knows that nobody else has it."""


@pytest.fixture
def host(xen_host: XenHost) -> Iterator[XenHost]:
    """The next test begins without the guest of one that has failed."""
    yield xen_host
    xen_host.xm("destroy", "pv")


def routes(host: XenHost) -> list[str]:
    """Of IPv4 and of IPv6, but for whether the guest has its driver up by now."""
    shown = (host.ok("ip", version, "route", "show", "dev", "routed0") for version in ("-4", "-6"))
    return [text.replace(" linkdown", "") for text in shown]


def test_a_card_is_routed(host: XenHost) -> None:
    host.put("/etc/xen/pv.cfg", FILES["pv"].encode())
    before = host.ok("sysctl", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    said = host.xm("create", "pv", f"vif=['{CARD}, vifname=routed0']")
    assert said.code == 0, said
    assert "master" not in host.ok("ip", "link", "show", "routed0")
    assert "198.51.100.1/32" in host.ok("ip", "addr", "show", "routed0")
    (job,) = json.loads(host.xm("job", "list", "pv", "-o", "json").out)
    said = host.xm("job", "show", str(job["id"])).out
    for line in ("xl builds the domain", "by vif-route", "Xen has it as domain ", "): started"):
        assert line in said, said
    there = routes(host)
    assert "198.51.100.7 " in there[0]
    assert "2001:db8::7 " in there[1]
    host.hears("pv", marker("pv"))
    talk(host, "xm", "console", "pv", typed=f"{OWN} && echo both $((30 + 3))", awaited="both 33")
    host.stop_xend(signal.SIGKILL)
    assert routes(host) == there
    host.start_xend()
    assert routes(host) == there
    assert host.xm("destroy", "pv").code == 0
    nothing_left(host)
    forwarding = ("sysctl", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    until(lambda: host.ok(*forwarding) == before, "the host is no router any more", 30, every=0.5)


OWN_SCRIPT = """\
#!/bin/bash
dir=$(dirname "$0")
echo "$1 $2 $vif $(xenstore-read "$XENBUS_PATH/bridge") $(xenstore-read "$XENBUS_PATH/mac")" >>/root/told
[ "$1" != offline ] && ip link set "$vif" master own up
exit 0
"""


def test_a_script_connects_a_card(host: XenHost) -> None:
    host.put("/etc/xen/scripts/vif-own", OWN_SCRIPT.encode(), 0o755)
    host.put("/etc/xen/pv.cfg", FILES["pv"].encode())
    host.ok("ip", "link", "add", "own", "up", "type", "bridge")
    said = host.xm("create", "-p", "pv", "vif=['script=vif-own, bridge=own, mac=00:16:3e:00:00:07']")
    assert said.code == 0, said
    (domid,) = host.xm("domid", "pv").out.split()
    assert f"vif{domid}.0" in host.ok("ip", "-br", "link", "show", "master", "own")
    assert host.xm("destroy", "pv").code == 0
    nothing_left(host)
    words = f"type_if=vif vif{domid}.0 own 00:16:3e:00:00:07"
    assert host.ok("cat", "/root/told").splitlines() == [f"online {words}", f"offline {words}"]


def test_xens_own_script_under_another_name_is_run(host: XenHost) -> None:
    """It finds in xenstore and among its words what it needs."""
    host.ok("cp", "/etc/xen/scripts/vif-bridge", "/etc/xen/scripts/vif-copy")
    said = host.xm("create", "-p", "pv", "vif=['script=/etc/xen/scripts/vif-copy, bridge=own']")
    assert said.code == 0, said
    (domid,) = host.xm("domid", "pv").out.split()
    assert f"vif{domid}.0" in host.ok("ip", "-br", "link", "show", "master", "own")
    assert host.xm("destroy", "pv").code == 0
    nothing_left(host)


def test_a_card_is_in_its_vlans(host: XenHost) -> None:
    refused = host.xm("create", "-p", "pv", "vif=['bridge=own, vlan=12p/20']")
    assert "the bridge 'own' does not keep VLANs apart" in refused.err
    host.ok("ip", "link", "set", "own", "type", "bridge", "vlan_filtering", "1")
    said = host.xm("create", "-p", "pv", "vif=['bridge=own, vlan=12p/20']")
    assert said.code == 0, said
    (domid,) = host.xm("domid", "pv").out.split()
    shown = host.ok("bridge", "vlan", "show", "dev", f"vif{domid}.0").split("\n", 1)[1]
    assert shown.split() == [f"vif{domid}.0", "12", "PVID", "Egress", "Untagged", "20"]
    assert host.xm("destroy", "pv").code == 0
    nothing_left(host)
