"""A real Linux guest ends in every way there is, and what its guest file says becomes of its domain."""

from __future__ import annotations

import os
import signal

import pytest
from tests.live.test_session import terminal
from tests.support.live import LiveHost, until

from xenia.images import demo

pytestmark = pytest.mark.qemu

POLICIES = "on_poweroff = 'restart'\non_crash = 'rename-restart'\n"


def started(host: LiveHost, more: str) -> demo.DemoGuest:
    guest = host.linux()
    guest.file.write_text(guest.file.read_text() + more)
    host.ok("create", "-q", "demo")
    return guest


def process(host: LiveHost, name: str) -> int:
    (pid,) = host.guests()[host.domain(name)["uuid"]]
    return pid


@pytest.mark.timeout(400)
def test_a_panic_a_poweroff_and_a_kill(host: LiveHost) -> None:
    guest = started(host, POLICIES)
    guest.file.write_text(guest.file.read_text().replace("memory  = 96", "memory  = 64"))
    with terminal(host, "console", "demo") as screen:
        screen.sees(guest.marker)
        screen.types("echo c > /proc/sysrq-trigger\r")
        screen.sees("the console of 'demo' has ended")
    until(lambda: len(host.names()) == 2, "the dead guest is kept")
    (kept,) = [name for name in host.names() if name != "demo"]
    said = host.xm("domstate", kept)
    assert (said.out, "the guest's kernel panicked" in said.err) == ("crashed\n", True)
    assert host.domain("demo")["domid"] == 2
    assert host.domain("demo")["memory"] == 96, "as it was started, not as its file is now"
    core = host.root / "kept.core"
    host.ok("dump-core", kept, str(core))
    assert core.read_bytes()[:4] == b"\x7fELF"
    assert core.stat().st_size > 96 << 20
    core.unlink()
    host.ok("destroy", kept)
    with terminal(host, "console", "demo") as screen:
        screen.sees(guest.marker)
        os.kill(process(host, "demo"), signal.SIGKILL)
        screen.sees("the console of 'demo' has ended")
    said = host.xm("domstate", "demo")
    assert (said.out, "its QEMU died: signal SIGKILL" in said.err) == ("crashed\n", True), said
    assert "is started again in" in said.err
    host.ok("destroy", "demo")
    assert host.names() == []
    host.nothing_left()


@pytest.mark.timeout(400)
def test_a_guest_that_is_preserved_or_restarted_when_it_powers_itself_off(host: LiveHost) -> None:
    guest = started(host, "on_poweroff = 'preserve'\n")
    with terminal(host, "console", "demo") as screen:
        screen.sees(guest.marker)
        screen.types("poweroff -f\r")
        until(lambda: host.domain("demo")["state"] == "shutdown", "it has ended")
    assert "it is preserved until xm destroy" in host.xm("list", "demo").err
    host.stop()
    host.start()
    assert host.domain("demo")["state"] == "shutdown"
    host.ok("dump-core", "-R", "demo")
    assert host.domain("demo")["state"] == "running"
    assert len(list((host.root / "var/lib/xen/dump").iterdir())) == 1
    os.kill(process(host, "demo"), signal.SIGKILL)
    until(lambda: host.domain("demo")["domid"] == 2, "it is started over by on_crash")
    host.ok("destroy", "demo")
    host.nothing_left()
