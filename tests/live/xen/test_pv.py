"""A PV guest, whose file xl itself could not read."""

from __future__ import annotations

import json
import signal

import pytest
from tests.live.xen.walk.kinds import FILES
from tests.live.xen.walk.verbs import through_all_verbs
from tests.live.xenlab.console import talk
from tests.live.xenlab.guests import marker
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

VIEWER = """\
#!/usr/bin/python3
import socket, sys
host, port = sys.argv[1].split("::")
with socket.create_connection((host, int(port)), timeout=60) as screen:
    print(screen.recv(12).decode())
"""


def test_it_goes_through_all_verbs(xen_host: XenHost) -> None:
    through_all_verbs(xen_host, "pv")


def test_xl_refuses_its_file(xen_host: XenHost) -> None:
    xen_host.put("/root/pv.cfg", FILES["pv"].encode())
    said = xen_host.run("xl", "create", "-n", "/root/pv.cfg")
    assert said.code != 0
    assert "parsing error" in said.err


def test_one_that_asks_for_a_window_has_a_framebuffer_and_no_port(xen_host: XenHost) -> None:
    """Debian's QEMU for Xen opens no window: xend hands out the framebuffer."""
    host = xen_host
    host.put("/etc/xen/pv.cfg", f"{FILES['pv']}vfb = ['type=sdl']\r\n".encode())
    host.put("/root/viewer", VIEWER.encode(), 0o755)
    said = host.xm("create", "-p", "pv")
    assert (said.code, "wants a window" in said.err) == (0, True), said
    shown = host.xm("vncviewer", "--viewer", "/root/viewer", "pv")
    assert (shown.code, "RFB 003.008" in shown.out) == (0, True), shown
    said = host.xm("screenshot", "pv", "/root/pv.png")
    assert (said.code, "has not taken up its framebuffer" in said.err) == (5, True), said
    assert ":59" not in host.ok("ss", "-tln")
    assert host.xm("destroy", "pv").code == 0
    nothing_left(host)


@pytest.mark.full  # the engine's part is in the contract, xend's in tests/manager
def test_a_dead_guest_is_kept_and_its_domain_starts_over(xen_host: XenHost) -> None:
    """rename-restart, whose disk is not used twice."""
    host, text = xen_host, FILES["pv"] + "on_crash = 'rename-restart'\r\n"
    host.put("/etc/xen/pv.cfg", text.encode())
    assert host.xm("create", "pv").code == 0
    host.hears("pv", marker("pv"))
    host.put("/etc/xen/pv.cfg", text.replace("memory = 32 * 4", "memory = 80").encode())
    talk(host, "xm", "console", "pv", typed="echo c > /proc/sysrq-trigger", awaited="sysrq: Trigger a crash")
    until(lambda: len(by_xm(host)) == 2, "the dead guest is kept, and the domain is there", 60, every=0.5)
    (kept,) = [name for name in by_xl(host) if name != "pv"]
    assert letters(host, kept)[-2] == "c"
    said = host.xm("domstate", kept)
    assert (said.out, "the guest crashed" in said.err) == ("crashed\n", True), said
    host.hears("pv", marker("pv"), times=2)
    (told,) = json.loads(host.xm("list", "-o", "json", "pv").out)
    assert told["max_memory"] == 128, "as it was started, not as its file is now"
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    assert by_xm(host) == by_xl(host)
    for name in (kept, "pv"):
        assert host.xm("destroy", name).code == 0
    nothing_left(host)
