"""A real Debian with systemd and its own qemu-guest-agent, asked by xm."""

from __future__ import annotations

import json
import os

import pytest
from tests.support.debian.guest import PROMPT, debian
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may install a Debian"),
]


@pytest.fixture
def up(host: LiveHost) -> LiveHost:
    debian(host, "qemu-guest-agent", more="vif = ['']\n")
    with Terminal(host.command("create", "-c", "debian"), host.environment) as screen:
        screen.sees(PROMPT)
        screen.types("\x1d")
        screen.ends()
    until(lambda: host.xm("agent", "debian", "ping").code == 0, "the agent answers")
    return host


def test_the_agent_of_a_debian_tells_freezes_runs_and_shuts_down(up: LiveHost) -> None:
    it_tells(up)
    it_runs_commands(up)
    it_freezes(up)
    acpi_is_deaf(up)
    said = up.xm("shutdown", "-w", "--mode=agent", "--timeout=180", "-o", "json", "debian")
    assert said.code == 0, f"{said}\n{up.log}"
    (job,) = json.loads(said.out)
    assert job["result"]["asked"] == "agent"
    up.nothing_left()


def it_tells(host: LiveHost) -> None:
    told = json.loads(host.ok("agent", "debian", "info", "-o", "json"))
    assert (told["host_name"], told["os"]) == ("debian", "Debian GNU/Linux 12 (bookworm)")
    assert told["version"].startswith("7.2")
    until(lambda: "10.0.2.15/24" in host.ok("agent", "debian", "addresses"), "its card has an address")
    host.ok("agent", "debian", "exec", "--", "date", "-s", "2001-02-03 04:05:06")
    assert "behind the host's" in host.ok("agent", "debian", "time")
    host.ok("agent", "debian", "time", "--set")
    assert abs(json.loads(host.ok("agent", "debian", "time", "-o", "json"))["time_offset"]) < 5


def it_runs_commands(host: LiveHost) -> None:
    said = host.xm("agent", "debian", "exec", "--", "sh", "-c", "systemctl is-active qemu-guest-agent; exit 7")
    assert (said.code, said.out) == (7, "active\n")


def it_freezes(host: LiveHost) -> None:
    """Its root: what is written then waits for the thaw."""
    with Terminal(host.command("console", "debian"), host.environment) as screen:
        screen.types("\r")
        screen.sees(PROMPT)
        host.ok("agent", "debian", "freeze")
        assert host.ok("agent", "debian", "status").strip() == "frozen"
        screen.types("date >/now && echo written'.'\r")
        assert "1 file systems were frozen" in host.ok("agent", "debian", "thaw")
        screen.sees("written.")
        screen.types("\x1d")
        screen.ends()
    assert host.ok("agent", "debian", "status").strip() == "thawed"


def acpi_is_deaf(host: LiveHost) -> None:
    """Its logind is told not to act on the power button."""
    said = host.xm("shutdown", "-w", "--mode=acpi", "--timeout=3", "debian")
    assert said.code != 0, said
    assert host.names() == ["debian"]
