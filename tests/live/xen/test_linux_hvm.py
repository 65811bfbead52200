"""Linux as an HVM guest: its kernel started directly, its console a serial port."""

from __future__ import annotations

import json

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left

# It boots inside an emulated machine inside an emulated machine.
pytestmark = [pytest.mark.xen, pytest.mark.timeout(600), pytest.mark.full]


def test_a_linux_hvm_guest_comes_up_on_its_serial_port(xen_host: XenHost) -> None:
    xen_host.put("/etc/xen/linux.cfg", guests.file("hvm", "linux").encode())
    xen_host.start_xend()
    said = xen_host.xm("create", "linux")
    assert said.code == 0, said
    talk(xen_host, "xm", "console", "linux", awaited=guests.marker("linux"), seconds=400)
    (told,) = json.loads(xen_host.xm("list", "-o", "json", "linux").out)
    assert (told["kind"], told["memory"], told["state"] in ("running", "blocked")) == ("hvm", 256, True)
    # Who comes late sees what was said before.
    talk(xen_host, "xm", "console", "linux", awaited=guests.marker("linux"))
    assert xen_host.xm("destroy", "linux").code == 0
    nothing_left(xen_host)
