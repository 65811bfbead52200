"""Linux as an HVM guest: its kernel started directly, its console a serial port."""

from __future__ import annotations

import json
import re

import pytest
from tests.live.xen.walk.saves import COUNTED, COUNTS
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left
from tests.support.live import until

# It boots inside an emulated machine inside an emulated machine.
pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]


def test_a_linux_hvm_guest_comes_up_on_its_serial_port(xen_host: XenHost) -> None:
    xen_host.put("/etc/xen/linux.cfg", guests.file("hvm", "linux", extra="quiet nokaslr").encode())
    said = xen_host.xm("create", "linux")
    assert said.code == 0, said
    talk(xen_host, "xm", "console", "linux", awaited=guests.marker("linux"), seconds=400)
    (told,) = json.loads(xen_host.xm("list", "-o", "json", "linux").out)
    memory = int(xen_host.ok("xl", "list", "linux").splitlines()[1].split()[2])  # without that of the VGA card
    assert (told["kind"], told["memory"], told["state"] in ("running", "blocked")) == ("hvm", memory, True)
    talk(xen_host, "xm", "console", "linux", typed="echo $((6*7))x", awaited="42x")
    devices_come_and_go(xen_host)
    goes_on_from_a_save(xen_host)
    assert xen_host.xm("destroy", "linux").code == 0
    nothing_left(xen_host)


def goes_on_from_a_save(host: XenHost) -> None:
    """Its drivers and its device model are in it."""
    talk(host, "xm", "console", "linux", typed=f"{COUNTS} echo begun'.'", awaited="begun[.]")
    shown = talk(host, "xm", "console", "linux", typed=COUNTED, awaited=r"at \d+\.")
    before = int(re.findall(r"at (\d+)\.", shown)[-1])
    said = host.xm("save", "linux", "/root/linux.save", timeout=200)
    assert said.code == 0, said
    nothing_left(host)
    said = host.xm("restore", "/root/linux.save", timeout=200)
    assert said.code == 0, said
    until(lambda: listens(host), "its shell listens again", 200)
    shown = talk(host, "xm", "console", "linux", typed=COUNTED, awaited=r"at \d+\.")
    assert before <= int(re.findall(r"at (\d+)\.", shown)[-1]) < before + 600


def listens(host: XenHost) -> bool:
    """Linux empties its serial port as it goes on from a save: what is typed just then is lost, as on a machine."""
    said = host.run("person", "10", " ", "linux:.*# ", "xm", "console", "linux", timeout=60, program="person")
    return said.code == 0


def devices_come_and_go(host: XenHost) -> None:
    """Xen's own, which its kernel has drivers for: what is there when xm is done, the guest has taken."""

    def seen(words: str, count: int) -> None:
        talk(host, "xm", "console", "linux", typed=f"{words} | wc -l; echo $((6*7))y", awaited=rf"\n{count}\r?\n42y")

    host.ok("truncate", "--size=8M", "/root/more.img")
    for verb, *words in (("block-attach", "file:/root/more.img", "xvdf", "w"), ("network-attach",)):
        said = host.xm(verb, "--live", "linux", *words)
        assert (said.code, said.out) == (0, ""), said
    seen("ls -d /sys/block/xvdf /sys/class/net/eth0", 2)
    for verb, word in (("block-detach", "xvdf"), ("network-detach", "0")):
        said = host.xm(verb, "--live", "linux", word)
        assert (said.code, said.out) == (0, ""), said
    seen("ls /sys/block /sys/class/net | grep -E 'xvd|eth'", 0)
