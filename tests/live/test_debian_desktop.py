"""A Debian that runs xrdp: xm finds it on its network and starts a client, which shows what it has to say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.debian.guest import PROMPT, debian
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal
from tests.support.wire import Wire
from tests.support.x_display import x_display

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.full,  # a minute, and another one for the image
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may install a Debian"),
]


def test_its_desktop_is_found_and_shown(stopped_host: LiveHost, wire: Wire, tmp_path: Path) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", wire.host]
    host.start()
    host.ok("network", "create", "lan", "--nat", "--subnet", "10.20.0.0/24")
    debian(host, "xrdp", memory=512, more="vif = ['network=lan']\n")
    with Terminal(host.command("create", "-c", "debian"), host.environment) as screen:
        screen.sees(PROMPT)
        screen.types("\x1d")
        screen.ends()
    rdp = [*host.inside, *host.command("rdp")]  # from the host, whose network the guest is on
    until(lambda: said(host, *rdp, "-n", "debian").startswith("10.20.0."), "its desktop is found", every=1)
    program = shutil.which("xfreerdp3") or "xfreerdp"
    with x_display(tmp_path) as display:
        environment = host.environment | {"DISPLAY": display.number, "HOME": str(tmp_path)}
        with Terminal([*rdp, "--viewer", program, "-u", "root", "debian"], environment) as client:
            client.sees("as told by the host's DHCP server")
            display.shows("Session Xorg")
    host.ok("destroy", "debian")
    host.nothing_left()
    until(lambda: host.xm("network", "delete", "lan").code == 0, "the network is removed")


def said(host: LiveHost, *command: str) -> str:
    return subprocess.run(command, env=host.environment, capture_output=True, text=True, check=False).stdout
