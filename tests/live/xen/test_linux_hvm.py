"""Linux as an HVM guest: its kernel started directly, its console a serial port."""

from __future__ import annotations

import json

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left

# It boots inside an emulated machine inside an emulated machine.
pytestmark = [pytest.mark.xen, pytest.mark.timeout(600)]


def test_a_linux_hvm_guest_comes_up_on_its_serial_port(xen_host: XenHost) -> None:
    xen_host.put("/etc/xen/linux.cfg", guests.file("hvm", "linux").encode())
    said = xen_host.xm("create", "linux")
    assert said.code == 0, said
    talk(xen_host, "xm", "console", "linux", awaited=guests.marker("linux"), seconds=400)
    (told,) = json.loads(xen_host.xm("list", "-o", "json", "linux").out)
    memory = int(xen_host.ok("xl", "list", "linux").splitlines()[1].split()[2])  # without that of the VGA card
    assert (told["kind"], told["memory"], told["state"] in ("running", "blocked")) == ("hvm", memory, True)
    talk(xen_host, "xm", "console", "linux", typed="echo $((6*7))x", awaited="42x")
    assert xen_host.xm("destroy", "linux").code == 0
    nothing_left(xen_host)
