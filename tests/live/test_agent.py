"""Debian's own qemu-guest-agent in a real guest, asked by xm; and guests whose agents are none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.agent_guest import MOUNT, START, UP, add_agent
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(300)]


def typed(host: LiveHost, line: str, awaited: str) -> None:
    """Type a line on the guest's console; what is awaited is not in it."""
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.types(f"\r{line}\r")
        screen.sees(awaited)
        screen.types("\x1d")
        screen.ends()


def frozen(host: LiveHost) -> str:
    return host.ok("agent", "demo", "status").strip()


@pytest.fixture
def up(host: LiveHost) -> Iterator[LiveHost]:
    """The small guest with its agent, on a host."""
    guest = host.linux()
    add_agent(guest)
    host.ok("create", "-q", "demo")
    said = host.xm("agent", "demo")
    assert (said.code, "no agent runs in domain 'demo'" in said.err) == (5, True)
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        screen.types("\x1d")
        screen.ends()
    typed(host, START, UP)
    return host


def test_it_tells_runs_commands_freezes_and_shuts_the_guest_down(up: LiveHost) -> None:
    it_tells(up)
    it_runs_commands(up)
    it_freezes(up)
    a_killed_xend_leaves_nothing_frozen(up)
    it_shuts_down(up)


def it_tells(host: LiveHost) -> None:
    told = json.loads(host.ok("agent", "demo", "-o", "json"))
    assert (told["agent"], told["os"], told["host_name"]) == ("qemu-guest-agent", "Small Linux", "demo")
    assert told["version"][0].isdecimal()
    (card,) = told["interfaces"]
    assert (card["vif"], card["name"]) == (0, "eth0")
    assert any(address.startswith("10.0.2.15") for address in card["addresses"]), card
    assert "10.0.2.15" in host.ok("network-list", "demo")
    assert "10.0.2.15" in host.ok("list", "-l", "demo")
    host.ok("agent", "demo", "exec", "--", "date", "-s", "2001-02-03 04:05:06")
    assert "behind the host's" in host.ok("agent", "demo", "time")
    host.ok("agent", "demo", "time", "--set")
    assert abs(json.loads(host.ok("agent", "demo", "time", "-o", "json"))["time_offset"]) < 5


def it_runs_commands(host: LiveHost) -> None:
    said = host.xm("agent", "demo", "exec", "--", "sh", "-c", "uname -n; echo wrong >&2; exit 7")
    assert (said.code, said.out, said.err) == (7, "demo\n", "wrong\n")
    assert host.xm("agent", "demo", "exec", "--", "sh", "-c", "kill -9 $$").code == 137
    said = host.xm("agent", "demo", "exec", "no-such-program")
    assert (said.code, "no-such-program" in said.err) == (1, True)


def it_freezes(host: LiveHost) -> None:
    typed(host, f"{MOUNT} && echo mounted'.'", "mounted.")
    assert "/disk" in host.ok("agent", "demo")
    host.ok("agent", "demo", "freeze")
    assert frozen(host) == "frozen"
    said = host.xm("agent", "demo", "exec", "true")
    assert said.code == 1, "nothing is run in a guest that is frozen"
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.types("date >/disk/now && echo written'.'\r")
        assert "1 file systems were frozen" in host.ok("agent", "demo", "thaw")
        screen.sees("written.")
    assert frozen(host) == "thawed"
    host.ok("agent", "demo", "freeze", "--for=1")
    until(lambda: frozen(host) == "thawed", "it is thawed by itself", 20, every=0.2)


def a_killed_xend_leaves_nothing_frozen(host: LiveHost) -> None:
    host.ok("agent", "demo", "freeze", "--for=600")
    assert frozen(host) == "frozen"
    host.stop()
    host.start()
    until(lambda: frozen(host) == "thawed", "the next xend thaws it", 20, every=0.2)
    assert json.loads(host.ok("agent", "demo", "-o", "json"))["host_name"] == "demo"


def it_shuts_down(host: LiveHost) -> None:
    """A frozen guest is thawed for it."""
    host.ok("agent", "demo", "freeze", "--for=600")
    (job,) = json.loads(host.ok("shutdown", "-w", "--timeout=180", "-o", "json", "demo"))
    assert job["result"]["asked"] == "agent"
    host.nothing_left()


STRANGER = """\
for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = org.qemu.guest_agent.0 ] && yes '{"return": 1}' >"/dev/${port##*/}" &
done; echo stranger'.'
"""


def test_an_agent_that_floods_costs_a_moment_and_keeps_nobody(host: LiveHost) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees(guest.marker)
        screen.types(STRANGER.replace("\n", "\r"))
        screen.sees("stranger.")
        screen.types("\x1d")
        screen.ends()
    before = resident(host)
    said = host.xm("agent", "demo", "ping")
    assert (said.code, "xm: " in said.err) in ((1, True), (6, True)), said
    begun = time.monotonic()
    host.ok("list", "-l", "demo")
    host.ok("network-list", "demo")
    assert time.monotonic() - begun < 10
    assert resident(host) - before < 24 << 10, "KiB"
    host.ok("shutdown", "-w", "--timeout=180", "demo")
    host.nothing_left()


def resident(host: LiveHost) -> int:
    """The memory of xend, in KiB."""
    assert host.xend is not None
    status = Path(f"/proc/{host.xend.pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])
