"""A user's session: xm and xend as processes, guests that answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml
from tests.support.live import LiveHost, Said
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

LEAVE = "\x1d"
"""Ctrl-]"""


def terminal(host: LiveHost, *words: str) -> Terminal:
    return Terminal(host.command(*words), host.environment)


def test_a_guest_is_started_spoken_to_held_and_shut_down(host: LiveHost) -> None:
    guest = host.linux()
    with terminal(host, "create", "-c", "demo") as screen:
        assert f'Using config file "{guest.file}"' in screen.sees("Started domain demo (id=1)")
        screen.sees("Ctrl-] leaves")
        screen.sees(guest.marker)
        assert screen.attributes() != screen.before
        screen.types("echo $((6 * 7)) on $(hostname)\r")
        screen.sees("\r\n42 on demo\r\n")
        screen.types(LEAVE)
        screen.sees("left 'demo'; xm console demo comes back")
        assert (screen.ends(), screen.attributes()) == (0, screen.before)
    assert list_line(host, "demo").split()[1:5] == ["1", "96", "1", "r-----"]
    host.ok("pause", "demo")
    assert "--p---" in list_line(host, "demo")
    with terminal(host, "console", "1") as screen:
        screen.sees("42 on demo")  # the guest's last words come first
        screen.types("echo still $((2 + 2))\r")
        host.ok("unpause", "demo")
        screen.sees("still 4\r\n")
        assert host.ok("shutdown", "-w", "--timeout=180", "demo") == "Domain demo terminated\n"
        screen.sees("the console of 'demo' has ended")
        assert (screen.ends(), screen.attributes()) == (0, screen.before)
    assert host.names() == []
    host.nothing_left()
    assert "defined" in host.ok("list", "--all", "-o", "json")


@pytest.mark.timeout(300)  # QEMU's own emulation boots a machine that was reset three times slower than a fresh one
def test_a_guest_reboots_from_outside_and_inside_and_powers_itself_off(host: LiveHost) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    before = host.guests()
    with terminal(host, "console", "demo") as screen:
        screen.sees(guest.marker)
        assert host.ok("reboot", "-w", "--timeout=180", "demo") == "Domain demo rebooted\n"
        screen.sees(guest.marker)
        screen.types("reboot -f\r")
        screen.sees(guest.marker)
        assert host.guests() == before
        domain = host.domain("demo")
        assert (domain["domid"], domain["state"]) == (1, "running")
        screen.types("poweroff -f\r")
        screen.sees("the console of 'demo' has ended")
        assert screen.ends() == 0
    assert host.names() == []
    host.nothing_left()
    refused(host.xm("console", "demo"), 5, "not running", f"xm create {guest.file}")


@pytest.fixture
def three(host: LiveHost) -> dict[str, dict[str, Any]]:
    """Three paused machines, and what list says about each."""
    for name in ("alpha", "alpine", "beta"):
        host.hvm(name, "vif = ['']\n")
        host.ok("create", "-p", "-q", name)
    domains = json.loads(host.ok("list", "-o", "json"))
    return {domain["name"]: domain for domain in domains}


def test_domains_are_found_by_name_id_uuid_and_unique_beginnings(
    host: LiveHost, three: dict[str, dict[str, Any]]
) -> None:
    uuid = three["beta"]["uuid"]
    for ref in ("beta", "3", uuid, "be", uuid[:13]):
        assert host.ok("list", ref, "-o", "name") == "beta\n"
    assert (host.ok("domid", "be"), host.ok("domname", "3")) == ("3\n", "beta\n")
    several = host.xm("pause", "alp")
    assert several.code == 1
    assert {"alpha", "alpine"} <= set(re.findall(r"\w+", several.err))
    refused(host.xm("domid", "alpaca"), 3, "alpaca", "alpha")


def test_lists_are_for_people_scripts_and_programs(host: LiveHost, three: dict[str, dict[str, Any]]) -> None:
    header, zero, *rows = host.ok("list").splitlines()
    assert header.split() == ["Name", "ID", "Mem", "VCPUs", "State", "Time(s)"]
    assert zero.split()[:2] == ["Domain-0", "0"]
    assert [row.split()[:5] for row in rows] == [
        [name, str(number), "16", "1", "--p---"] for number, name in enumerate(("alpha", "alpine", "beta"), 1)
    ]
    assert len({row.index("--p---") for row in rows}) == 1
    assert [domain["state"] for domain in three.values()] == ["running", "paused", "paused", "paused"]
    assert yaml.safe_load(host.ok("list", "-o", "yaml", "beta")) == [
        three["beta"]
        | {"cpu_time": ANY, "files": [three["beta"]["file"]]}  # those are told where all domains are looked at
    ]
    (beta,) = parse_sxp(host.ok("list", "-l", "beta"))
    assert beta[0] == "domain"
    words = dict(item for item in beta[1:] if len(item) == 2 and isinstance(item[1], str))
    assert (words["domid"], words["name"], words["uuid"]) == ("3", "beta", three["beta"]["uuid"])
    assert ["device", ["vif", ["mac", macs(host, "beta")[0]], ["type", "ioemu"], ["backend", "0"]]] in beta


def test_keys_of_the_command_line_beat_those_of_the_file(host: LiveHost) -> None:
    file = host.hvm("plain")
    said = host.ok("create", str(file), "name=other", "memory=24", "vcpus=2", "-p")
    assert said.endswith("Started domain other (id=1)\n")
    domain = host.domain("other")
    assert (domain["memory"], domain["vcpus"], domain["state"]) == (24, 2, "paused")
    plan = json.loads(host.ok("create", "-n", "plain", "memory=48", "-o", "json"))
    assert (plan["config"]["name"], plan["config"]["memory"], plan["engine"]) == ("plain", 48, "qemu")
    assert host.names() == ["other"]
    started = json.loads(host.ok("create", "plain", "-p", "-o", "json"))
    assert (started["domain"], started["domid"]) == ("plain", 2)
    host.ok("unpause", "plain")
    assert host.domain("plain")["state"] == "running"
    host.ok("destroy", "plain", "other")
    host.nothing_left()


def test_what_was_decided_for_a_domain_stays_with_it(host: LiveHost) -> None:
    host.hvm("kept", "vif = ['', 'type=vif']\n")
    host.ok("create", "-p", "kept")
    uuid, cards = host.domain("kept")["uuid"], macs(host, "kept")
    host.ok("destroy", "kept")
    host.ok("create", "-p", "kept")
    domain = host.domain("kept")
    assert (domain["uuid"], macs(host, "kept"), domain["domid"]) == (uuid, cards, 2)
    assert len(set(cards)) == 2


def test_a_file_outside_of_etc_xen_is_found_where_the_user_stands(host: LiveHost, tmp_path: Path) -> None:
    (tmp_path / "here.cfg").write_text("builder = 'hvm'\nname = 'elsewhere'\nmemory = 16\n")
    host.ok("create", "-p", "here", folder=tmp_path)
    assert host.domain("elsewhere")["file"] == str(tmp_path / "here.cfg")


def refused(said: Said, code: int, *words: str) -> None:
    assert (said.code, [word for word in words if word not in said.err]) == (code, []), said


def list_line(host: LiveHost, name: str) -> str:
    (line,) = host.ok("list", name).splitlines()[1:]
    return line


def macs(host: LiveHost, name: str) -> list[str]:
    return re.findall(r"\(mac ([0-9a-f:]{17})\)", host.ok("list", "-l", name))


def parse_sxp(text: str) -> list[Any]:
    """Lists of words, as Lisp reads them."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r"""[()]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s()]+""", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    (whole,) = stack
    return whole
