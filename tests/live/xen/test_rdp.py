"""The screen of a guest on Xen over RDP: Debian's xrdp in dom0, and a client that is none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left
from tests.support.live import until
from tests.support.x_display import x_display

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

PORT = 3389
SECONDS = 240.0
"""Xen, dom0 and xrdp in it are emulated."""
SCREEN = b"name = 'web'\nbuilder = 'hvm'\nmemory = 32\nvnc = 0\nrdp = 1\nvncpasswd = 'geheim'\n"


def test_a_guest_is_seen_by_who_knows_its_password(xen_host: XenHost, tmp_path: Path) -> None:
    host = xen_host
    host.put("/etc/xen/web.cfg", SCREEN)
    host.ok("xm", "config", "settings", "rdp_listen=0.0.0.0")
    host.stop_xend()
    host.start_xend()
    assert host.xm("create", "web").code == 0
    until(lambda: "3389" in host.xm("list", "-o", "json", "web").out, "it is shown", SECONDS, every=1)
    assert host.machine is not None
    monitor = host.machine.monitor
    monitor.do("human-monitor-command", command_line=f"hostfwd_add outside tcp:127.0.0.1:0-:{PORT}")
    place = f"127.0.0.1:{monitor.forwarded(PORT)}"
    with x_display(tmp_path) as display:
        with display.client(place, "/d:web", "/p:geheim"):
            display.shows("bootable", SECONDS)
        with display.client(place, "/d:web", "/p:Geheim"):
            display.shows("password failed", SECONDS)
            assert "bootable" not in display.text()
    assert host.xm("destroy", "web").code == 0
    until(lambda: host.run("pgrep", "-x", "xrdp").code != 0, "xrdp has ended with the last guest", SECONDS, every=1)
    nothing_left(host)
