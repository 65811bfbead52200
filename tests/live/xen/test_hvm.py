"""A boot sector as an HVM guest, and what the host tells of itself."""

from __future__ import annotations

import re
import signal

import pytest
from tests.engines.qemu import sectors
from tests.live.xen.walk.kinds import FILES
from tests.live.xen.walk.verbs import through_all_verbs
from tests.live.xenlab import guests
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import letters, nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]


def test_it_goes_through_all_verbs(xen_host: XenHost) -> None:
    through_all_verbs(xen_host, "hvm")


def test_the_death_of_a_device_model_is_seen(xen_host: XenHost) -> None:
    host = xen_host
    host.put("/etc/xen/hvm.cfg", (FILES["hvm"] + "on_crash = 'preserve'\n").encode())
    assert host.xm("create", "hvm").code == 0
    host.sh("kill -9 $(pgrep -f 'xen-domid '$(xl domid hvm))")
    until(lambda: host.xm("domstate", "hvm").out == "crashed\n", "it is seen", 60, every=0.5)
    assert "its device model died" in host.xm("domstate", "hvm").err
    assert letters(host, "hvm")[2] == "p"
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    assert host.xm("domstate", "hvm").out == "crashed\n"
    assert host.xm("destroy", "hvm").code == 0
    nothing_left(host)


def test_the_host_tells_of_itself(xen_host: XenHost) -> None:
    def told(*words: str) -> str:
        said = xen_host.xm(*words)
        assert said.code == 0, (words, said)
        return said.out

    info = told("info", "-n")
    assert re.search(r"^engine +: xen\n(.*\n)*engine_version +: 4\.17", info, re.MULTILINE), info
    assert re.search(r"^xen_major +: 4\nxen_minor +: 17$", info, re.MULTILINE), info
    assert "numa_info" in info
    told("debug-keys", "h")
    assert "'h' pressed" in told("dmesg")
    told("sched-credit2", "-d", "Domain-0", "-w", "512")
    assert xen_host.ok("xl", "sched-credit2", "-d", "0").splitlines()[1].split()[2] == "512"


def test_keys_that_are_pressed_reach_its_keyboard(xen_host: XenHost) -> None:
    host = xen_host
    host.put(f"{GUESTS}/keys.img", sectors.echoing_keys())
    file = "name = 'keys'\nbuilder = 'hvm'\nmemory = 32\nserial = 'pty'\nvnc = 1\n"
    host.put("/etc/xen/keys.cfg", f"{file}disk = ['file:{GUESTS}/keys.img,hda,w']\n".encode())
    host.spawn("xm", "create", "keys", "-c", log=guests.SERIAL_LOG.format(name="keys"))
    host.hears("keys", "ready")
    assert host.xm("send-key", "keys", "ctrl-alt-delete").code == 0
    host.hears("keys", "1d 38 e0 53 e0 d3 b8 9d")
    assert host.xm("send-key", "keys", "--text", "Ab", "ret").code == 0
    host.hears("keys", "2a 1e 9e aa 30 b0 1c 9c")
    said = host.xm("send-key", "keys", "ctrl-alt-dlete")
    assert (said.code, "did you mean delete" in said.err) == (1, True), said
    assert host.xm("destroy", "keys").code == 0
    nothing_left(host)
