"""The commands of docs/guide/networking.md, as they stand there, on a host with a card and a world behind it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal
from tests.support.wire import Wire

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")]

GUIDE = Path(__file__).parents[2] / "docs/guide/networking.md"


def commands() -> list[str]:
    """Those that stand in lines of their own, without what is said beside them."""
    return [
        re.split(r" {2,}", line.strip())[0] for line in GUIDE.read_text().splitlines() if line.startswith("    xm ")
    ]


def test_the_commands_of_the_guide_do_what_it_says(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", wire.host]
    host.environment["EDITOR"] = "true"
    wire.run(wire.host, "sysctl", "-qw", "net.ipv6.conf.all.accept_redirects=0")
    host.start()
    before = wire.look()
    for command in commands():
        words = shlex.split(command)[1:]
        if "edit" in words:  # an editor needs a terminal
            with Terminal(host.command(*words), host.environment) as terminal:
                assert terminal.ends() == 0, terminal.rest()
        else:
            host.ok(*words)
        if command == "xm network delete lan":
            assert wire.look() == before
        if command == "xm network confirm":
            assert "xenbr0" in links(wire)
    made = {"wire", "dmz", "lan", "web", "lab"}
    assert made <= links(wire)
    for name in made:
        host.ok("network", "delete", name)
    until(lambda: wire.look() == before, "the host is as it was")


def links(wire: Wire) -> set[str]:
    return {line.split()[1].rstrip(":") for line in wire.run(wire.host, "ip", "-o", "link").splitlines()}
