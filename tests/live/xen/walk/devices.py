"""Disks, cards, media and USB."""

from __future__ import annotations

import json
import re

from tests.live.xen.walk.walk import Walk

MORE = "/root/more.img"
"""The image of a disk that comes and goes."""


def its_disks_come_and_go(walk: Walk) -> None:
    """Seen by xl, and by the guests that have a system."""
    host, kind = walk.host, walk.kind
    host.ok("truncate", "--size=8M", MORE)
    walk.xm("block-attach", "--live", kind, f"file:{MORE}", "xvdf", "w")
    assert MORE in host.ok("losetup", "--all")
    sees(walk, "ls /sys/block | grep -c xvdf", 1)
    assert len(host.ok("xl", "block-list", kind).splitlines()) == len(walk.xm("block-list", kind).splitlines())
    walk.xm("block-detach", "--live", kind, "xvdf")
    assert MORE not in host.ok("losetup", "--all")
    sees(walk, "ls /sys/block | grep -c xvdf", 0)
    walk.found("block-attach")
    walk.found("block-detach")


def its_cards_come_and_go(walk: Walk) -> None:
    host, kind, card = walk.host, walk.kind, f"vif{walk.id}.1"
    walk.xm("network-attach", "--live", kind)
    assert f" {card}: " in host.ok("bridge", "link", "show", "master", "xenbr0")
    sees(walk, "ls /sys/class/net | grep -c eth", 2)
    assert len(host.ok("xl", "network-list", kind).splitlines()) == len(walk.xm("network-list", kind).splitlines()) == 3
    for link, flag in (("down", False), ("up", True)):
        walk.xm("network-configure", "--live", kind, "1", f"link={link}")
        assert ("UP" in re.split("[<,>]", host.ok("ip", "link", "show", card))) is flag
    walk.found("network-configure")
    walk.xm("network-detach", "--live", kind, "1")
    assert card not in host.ok("ip", "-brief", "link")
    sees(walk, "ls /sys/class/net | grep -c eth", 1)
    walk.found("network-attach")
    walk.found("network-detach")


def it_has_a_lease(walk: Walk) -> None:
    """A network with DHCP, and a card on it that comes and goes."""
    host, kind = walk.host, walk.kind
    if kind != "pv":
        return
    walk.xm("network", "create", "lan", "--nat", "--subnet", "10.20.0.0/24", "--yes")
    walk.xm("network-attach", "--live", kind, "network=lan")
    assert f" vif{walk.id}.1: " in host.ok("bridge", "link", "show", "master", "lan")
    sees(walk, "ls /sys/class/net | grep -c eth", 2)
    line = "ip link set eth1 up; udhcpc -i eth1 -n -q -t 20 -T 1 -s /bin/true"
    walk.types(line, "lease of 10.20.0.")
    (lease,) = json.loads(walk.xm("network", "show", "-o", "json", "lan"))["leases"]
    assert lease["ip"].startswith("10.20.0."), lease
    assert host.xm("network", "delete", "lan").code == 5
    walk.xm("network-detach", "--live", kind, "1")
    walk.xm("network", "delete", "lan")
    sees(walk, "ls /sys/class/net | grep -c eth", 1)


def sees(walk: Walk, count: str, number: int) -> None:
    """Waits until the guest counts so many."""
    if walk.is_linux:
        line = f'until [ "$({count})" = {number} ]; do sleep 0.1; done; echo "it has "{number}x'
        walk.types(line, f"it has {number}x")


def its_medium_is_changed(walk: Walk) -> None:
    host, kind = walk.host, walk.kind
    if walk.is_linux:
        assert host.xm("cd-insert", "--live", kind, "hdc", MORE).code == 3
        for verb in ("cd-insert", "cd-eject"):
            walk.found(verb, "no drive")
        return
    walk.xm("cd-insert", "--live", kind, "hdc", MORE)
    assert MORE in host.ok("losetup", "--all")
    assert re.search(rf"^hdc +r +cdrom +raw +{MORE}$", walk.xm("block-list", kind), re.MULTILINE)
    walk.found("cd-insert")
    walk.xm("cd-eject", "--live", kind, "hdc")
    assert MORE not in host.ok("losetup", "--all")
    walk.found("cd-eject")


def has_usb(walk: Walk) -> None:
    host, kind, linux = walk.host, walk.kind, walk.is_linux
    said = host.xm("usb-attach", kind, "tablet")
    assert (said.code, "no USB device is emulated" in said.err) == ((1, True) if linux else (0, False)), said
    walk.found("usb-attach", "refused: nothing is emulated for it" if linux else "yes")
    if not linux:
        assert "tablet" in walk.xm("usb-list", kind)
        assert "QEMU USB Tablet" in walk.xm("qemu-monitor-command", kind, "info usb")
        walk.xm("usb-detach", kind, "tablet")
        assert "QEMU USB Tablet" not in walk.xm("qemu-monitor-command", kind, "info usb")
