"""Devices that come and go, as a user does it, on real QEMU guests; and guests that take no notice."""

from __future__ import annotations

import pytest
from tests.support.live import ACCELERATED, LiveHost
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

NOT_UP = "the guest has not taken it yet"


def test_a_disk_and_a_card_come_stay_over_a_reboot_and_go(stopped_host: LiveHost) -> None:
    host = stopped_host
    host.start()
    guest = host.linux()
    before = guest.file.read_text()
    with (host.root / "more.img").open("wb") as image:
        image.truncate(1 << 20)
    host.ok("create", "-q", "demo")
    with Terminal(host.command("console", "demo"), host.environment) as console:
        console.sees(guest.marker)
        assert host.ok("block-attach", "demo", "file:more.img", "xvdb", "w").endswith("for the next start\n")
        assert f"target={host.root}/more.img" in guest.file.read_text()
        assert host.ok("network-attach", "--live", "demo") == ""
        console.types(
            'until [ "$(ls /sys/class/net | grep -c eth)" = 2 ]; do sleep 0.1; done; echo cards: $((1 + 1))\r'
        )
        console.sees("cards: 2")
        console.types("echo disk: $(cat /sys/block/vdb/size)\r")
        console.sees("disk: 2048")
        host.stop()
        host.start()
        assert [row.split()[0] for row in host.ok("block-list", "demo").splitlines()] == ["Vdev", "xvda", "xvdb"]
        assert len(host.ok("network-list", "demo").splitlines()) == 3
    assert host.xm("block-attach", "demo", f"file:{host.root}/more.img", "xvdc", "w").code == 5
    host.ok("block-detach", "demo", "xvdb")
    assert guest.file.read_text() == before
    host.ok("network-detach", "demo", "1")
    assert len(host.ok("network-list", "demo").splitlines()) == 2
    assert host.xm("block-detach", "demo", "xvda").code == 5, "it is the first disk"
    host.ok("destroy", "demo")
    host.nothing_left()


def test_what_a_guest_has_no_driver_for_is_unplugged_again(stopped_host: LiveHost) -> None:
    host = stopped_host
    host.setting(f"{ACCELERATED}attach_timeout = 2\n")
    host.start()
    guest = host.linux()
    before = guest.file.read_text()
    (host.root / "more.img").write_bytes(bytes(1 << 20))
    host.ok("create", "-q", "demo")
    with Terminal(host.command("console", "demo"), host.environment) as console:
        console.sees(guest.marker)
        console.types("rmmod virtio_blk && rmmod virtio_net && echo gone'.'\r")
        console.sees("gone.")
        said = host.xm("block-attach", "demo", "file:more.img", "xvdb", "w")
        assert (said.code, "has not taken xvdb within 2 s, so it was unplugged again" in said.err) == (6, True), said
        said = host.xm("network-attach", "demo")
        assert (said.code, "has not taken its card 1 within 2 s, so it was" in said.err) == (6, True), said
        assert guest.file.read_text() == before
        assert "xvdb" not in host.ok("block-list", "demo")
        assert len(host.ok("network-list", "demo").splitlines()) == 2
        assert host.ok("block-attach", "--live", "--no-wait", "demo", "file:more.img", "xvdb", "w") == ""
        console.types("insmod /modules/*virtio_blk.ko && until [ -e /dev/vdb ]; do sleep 0.1; done; echo taken'.'\r")
        console.sees("taken.")
    host.ok("block-detach", "--live", "demo", "xvdb")
    host.ok("destroy", "demo")
    host.nothing_left()


def test_a_guest_that_is_not_up_is_told_of(stopped_host: LiveHost) -> None:
    """It has no system that could. The file says what was asked for only where the domain has followed."""
    host = stopped_host
    host.start()
    file = host.hvm("deaf")
    before = file.read_text()
    for name in ("more.img", "other.img"):
        (host.root / name).write_bytes(bytes(1 << 20))
    host.ok("create", "-q", "deaf")
    said = host.xm("block-attach", "--live", "deaf", "file:more.img", "xvdb", "w")
    assert (said.code, NOT_UP in said.err) == (0, True), said
    assert host.xm("block-attach", "--live", "deaf", "file:other.img", "hdb", "w").code == 1, "it would be emulated"
    said = host.xm("network-attach", "--live", "deaf")
    assert (said.code, NOT_UP in said.err) == (0, True), said
    assert host.xm("network-attach", "--live", "deaf", "bridge=nobr7").code in (0, 3), "an ordinary user has no bridges"
    said = host.xm("block-detach", "deaf", "xvdb")
    assert (said.code, "did not let go of xvdb within 10 s" in said.err) == (6, True), said
    assert "xvdb" in host.ok("block-list", "deaf")
    assert file.read_text() == before
    host.ok("destroy", "deaf")
    host.nothing_left()
