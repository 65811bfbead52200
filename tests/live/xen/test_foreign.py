"""Domains that somebody has started with xl, beside xend's own: seen, used, left alone, and adopted."""

from __future__ import annotations

import json

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

IMAGE = f"{GUESTS}/counting.img"

SOON = 60.0
"""Seconds, at most, until xl has made a domain and xend has looked at it: two or three on a quiet machine."""


@pytest.fixture(scope="module")
def linux(xen_host: XenHost) -> XenHost:
    """The host, with a PV guest `linux` that xl has started and that is up."""
    xen_host.put("/root/linux.cfg", guests.file("pv", "linux", "vif = ['bridge=xenbr0']").encode())
    xen_host.ok("xl", "create", "/root/linux.cfg")
    xen_host.hears("linux", guests.marker("linux"))
    return xen_host


def same_to_both(host: XenHost, *names: str) -> None:
    until(
        lambda: by_xm(host) == by_xl(host) and set(by_xl(host)) == set(names), "xm shows what xl shows", SOON, every=0.3
    )


def waiting_xl(host: XenHost, name: str) -> str:
    """The process ids of the xl that waits for the end of a domain."""
    return host.sh('ls -l /proc/[0-9]*/fd/1 2>/dev/null | grep -F "/var/log/xen/xl-$1.log" || true', name).out


def xm(host: XenHost, *words: str) -> str:
    said = host.xm(*words)
    assert said.code == 0, said
    return said.out


def test_a_boot_sector_of_xl_comes_keeps_its_image_is_paused_and_goes(xen_host: XenHost) -> None:
    host = xen_host
    host.put("/root/theirs.cfg", guests.file("sector", "theirs").encode())
    host.ok("xl", "create", "-p", "/root/theirs.cfg")
    same_to_both(host, "theirs")
    (told,) = json.loads(xm(host, "list", "-o", "json", "theirs"))
    assert (told["state"], told["kind"], told["memory"]) == ("paused", "hvm", 32)
    host.put("/etc/xen/ours.cfg", f"name = 'ours'\nbuilder = 'hvm'\ndisk = ['file:{IMAGE},hda,w']\n".encode())
    said = host.xm("create", "ours")
    assert (said.code, IMAGE in said.err, "theirs" in said.err, "ours.cfg:3:9" in said.err) == (5, True, True, True), (
        said
    )
    xm(host, "unpause", "theirs")
    assert "p" not in letters(host, "theirs")
    xm(host, "pause", "theirs")
    assert letters(host, "theirs") == "--p---"
    host.ok("xl", "destroy", "theirs")
    until(lambda: by_xm(host) == {}, "it is gone for xm", SOON, every=0.3)
    nothing_left(host)


def test_a_guest_of_xl_speaks_on_xms_console(linux: XenHost) -> None:
    same_to_both(linux, "linux")
    talk(linux, "xm", "console", "linux", typed="echo $((6*7))x", awaited="42x")


def test_the_reboot_of_a_guest_of_xl_is_left_to_xl(linux: XenHost) -> None:
    before = by_xl(linux)["linux"]
    assert waiting_xl(linux, "linux")
    linux.ok("xl", "reboot", "linux")
    until(lambda: by_xl(linux).get("linux", before) != before, "xl has started it anew", every=0.3)
    same_to_both(linux, "linux")
    assert linux.sh("ls /run/xenia/domains").out == ""
    linux.hears("linux", guests.marker("linux"), times=2)


def test_an_adopted_guest_is_xends_from_then_on(linux: XenHost) -> None:
    before = by_xl(linux)["linux"]
    said = xm(linux, "adopt", "linux")
    assert "Adopted domain linux, defined by /etc/xen/linux.cfg" in said
    assert waiting_xl(linux, "linux") == ""
    assert b'\nname     = "linux"\n' in linux.get("/etc/xen/linux.cfg")
    xm(linux, "reboot", "-w", "linux")
    assert by_xl(linux)["linux"] != before
    same_to_both(linux, "linux")
    assert waiting_xl(linux, "linux") == ""
    xm(linux, "destroy", "linux")
    nothing_left(linux)
    xm(linux, "create", "-p", "linux")
    assert letters(linux, "linux") == "--p---"
    same_to_both(linux, "linux")
    xm(linux, "destroy", "linux")
    nothing_left(linux)
