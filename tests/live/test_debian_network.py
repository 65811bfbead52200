"""What the kernel of a test machine may lack, with Debian's own kernel in a guest: VLANs, rules of others that follow
connections over a bridge, Open vSwitch.
"""

from __future__ import annotations

import os

import pytest
from tests.support.debian.guest import PROMPT, debian
from tests.support.debian.sources import run_there, write_sources
from tests.support.live import LiveHost
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may install a Debian"),
]

PROGRAM = "tests/support/debian/inside_network.py"


@pytest.mark.full  # a minute
def test_vlans_tracked_bridges_and_open_vswitch(host: LiveHost) -> None:
    host.images.mkdir(parents=True, exist_ok=True)
    disk = host.images / "sources.tar"
    write_sources(disk, "tests/support/frames.py", PROGRAM)
    debian(host, "nftables", "openvswitch-switch", "python3", disks=f"'file:{disk},xvdb,r'")
    with Terminal(host.command("create", "-c", "debian"), host.environment) as screen:
        screen.sees(PROMPT)
        screen.types(run_there(PROGRAM))
        screen.sees("ended $?.")
        shown = screen.sees("ended ", 240)
        assert screen.sees(".") == "0", shown
    host.ok("destroy", "debian")
    host.nothing_left()
