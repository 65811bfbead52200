"""What a guest says while xend is killed and started again, or does not come to read it."""

from __future__ import annotations

import os
import re
import signal

import pytest
from tests.live.test_session import LEAVE
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal
from websockets.sync.client import unix_connect

pytestmark = pytest.mark.qemu

COUNT = (
    "dmesg -n 1; for c in ttyS0 hvc0; do"
    " (i=0; while [ ! -e /tmp/stop ]; do i=$((i+1)); echo count $i; usleep 2000; done; echo last $i) >/dev/$c &"
    " done\n"
)
"""On both consoles, and the kernel does not talk in between."""

KINDS = ("pv", "serial")


def test_nothing_that_a_guest_says_is_lost(host: LiveHost) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        screen.types(COUNT)
        wait_for(host, 50)
        host.stop()
        without_xend = max(counted(log(host, "pv"))) + 50
        wait_for(host, without_xend)
        host.start()
        wait_for(host, without_xend + 100)
        screen.sees("connected to 'demo' again")  # else it may lose patience while xend stands still
        os.kill(host.pid, signal.SIGSTOP)
        unread = max(counted(log(host, "pv"))) + 300
        wait_for(host, unread)
        os.kill(host.pid, signal.SIGCONT)
        screen.types("touch /tmp/stop\n")
        until(lambda: all("last " in log(host, kind) for kind in KINDS), "the guest has counted to its end")
        rings = {kind: ring(host, kind) for kind in KINDS}
        screen.types(LEAVE)
        assert screen.ends() == 0
        shown = counted(screen.rest())
    for kind in KINDS:
        last = int(re.findall(r"last (\d+)", log(host, kind))[0])
        whole = list(range(1, last + 1))
        text = log(host, kind)
        assert counted(text) == whole, text
        assert counted(rings[kind]) == whole
    assert shown == sorted(set(shown))


def log(host: LiveHost, kind: str) -> str:
    return (host.root / f"var/log/xenia/console-demo-{kind}.log").read_text(errors="replace")


def counted(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"count (\d+)\r*\n", text)]


def wait_for(host: LiveHost, number: int) -> None:
    until(lambda: all(number in counted(log(host, kind)) for kind in KINDS), f"the guest has counted to {number}")


def ring(host: LiveHost, kind: str) -> str:
    """What xend shows to one who asks for all that it remembers of a console."""
    socket = str(host.root / "run/xenia/xend.sock")
    target = f"ws://xend/v1/domains/demo/console?kind={kind}&replay=65536"
    with unix_connect(socket, target, max_size=None) as console:
        said = console.recv(timeout=30)
    assert isinstance(said, bytes)
    return said.decode(errors="replace")
