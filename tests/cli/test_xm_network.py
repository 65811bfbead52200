from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

LAN: dict[str, Any] = {
    "name": "lan",
    "file": "/etc/xen/networks/lan.toml",
    "state": "up",
    "problem": "",
    "guests": ["web"],
    "network": {
        "mode": "nat",
        "bridge": "lan",
        "ipv4": {"address": "10.20.0.1/24", "first": "", "last": ""},
        "ipv6": {"address": "fd00:20::1/64", "first": "", "last": ""},
    },
}
BAD = {"name": "bad", "file": "f", "state": "invalid", "problem": "f:1:1: no", "guests": [], "network": None}
LIST = {"networks": [BAD, LAN], "bridges": [{"name": "br0", "guests": []}]}
STEPS = [
    {"kind": "make", "what": "bridge lan", "now": "none"},
    {"kind": "change", "what": "net.ipv4.ip_forward = 1", "now": "0"},
]
PLAN = {"digest": "d", "steps": STEPS, "refused": []}
NAT = 'mode = "nat"\nsubnet = "10.20.0.0/24"\n'


def bodies(xend: FakeXend) -> list[Any]:
    """What was sent."""
    return [body for method, _, body in xend.requests if method in ("POST", "PUT")]


def test_the_list_has_networks_and_the_other_bridges(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /networks"] = LIST
    assert xm("network", "list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Name  Mode    Bridge  Subnets                     State    Guests",
        "bad   -       -       -                           invalid  -",
        "lan   nat     lan     10.20.0.1/24,fd00:20::1/64  up       web",
        "-     bridge  br0     -                           -        -",
        "bad: f:1:1: no",
    ]
    assert xm("network", "ls", "-o", "name") == 0
    assert capsys.readouterr().out == "bad\nlan\n"
    assert xm("network", "list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == LIST


def test_one_network_is_shown(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    leases = [
        {"ip": "10.20.0.7", "mac": "00:16:3e:00:00:01", "name": "web", "until": 0.0},
        {"ip": "fd00:20::7", "mac": "", "name": "", "until": 0.0},
    ]
    xend.routes["GET /networks/lan"] = {"network": LAN, "text": NAT, "etag": "e", "leases": leases}
    assert xm("network", "show", "lan") == 0
    out = capsys.readouterr().out
    assert "state   up\n" in out
    assert '  subnet = "10.20.0.0/24"\n' in out
    assert "10.20.0.7   00:16:3e:00:00:01  web   for ever\n" in out
    assert "fd00:20::7  -                  -     for ever\n" in out
    assert xm("network", "show", "a/b") == 2


def test_a_plan_tells_what_is_and_what_would_be(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /networks/plan"] = PLAN
    assert xm("network", "plan") == 0
    assert capsys.readouterr().out == "make    bridge lan\nchange  net.ipv4.ip_forward = 1 (is: 0)\n"
    assert bodies(xend)[-1] == {"network": "", "text": None}
    assert xm("network", "plan", "lan", "--exit-code", "-o", "json") == 2
    assert json.loads(capsys.readouterr().out) == PLAN
    xend.routes["POST /networks/plan"] = PLAN | {"steps": []}
    assert xm("network", "plan", "--exit-code") == 0
    assert capsys.readouterr().out == "The host is as defined.\n"


def test_what_speaks_against_a_plan_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    refused = [
        {"kind": "conflict", "message": "it overlaps", "hint": "choose another"},
        {"kind": "not_found", "message": "there is no eth7", "hint": None},
    ]
    xend.routes["POST /networks/plan"] = PLAN | {"refused": refused}
    assert xm("network", "apply", "-y") == 3
    assert capsys.readouterr().err == "xm: it overlaps (choose another)\nxm: there is no eth7\n"


def test_apply_does_the_plan_that_was_shown(xend: FakeXend, xm: Xm) -> None:
    xend.routes["POST /networks/plan"] = PLAN
    xend.routes["POST /networks/apply"] = {"job": job("network apply", result={"steps": 2})}
    assert xm("network", "apply") == 2, "nobody is there to be asked"
    assert xm("network", "apply", "--yes") == 0
    assert bodies(xend)[-1] == {"network": "", "digest": "d"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--nat", "--subnet", "10.20.0.0/24"), NAT),
        (
            ("--routed", "--subnet", "fd00::/64", "--subnet", "10.1.0.0/24", "--interface", "eth0", "--proxy"),
            'mode = "routed"\ninterface = "eth0"\nsubnet6 = "fd00::/64"\nsubnet = "10.1.0.0/24"\nproxy = true\n',
        ),
        (("--isolated", "--no-dhcp", "--isolate"), 'mode = "isolated"\ndhcp = false\nisolate = true\n'),
        (
            ("--bridge", "--bridge-name", "br7", "--interface", "eth1", "--vlan", "12", "--mtu", "9000"),
            'mode = "bridge"\nbridge = "br7"\ninterface = "eth1"\nvlan = 12\nmtu = 9000\n',
        ),
        (
            ("--nat", "--dhcp", "10.0.0.5-10.0.0.9", "--lease", "00:16:3e:00:00:01=10.0.0.7", "--domain", 'a"b\n'),
            'mode = "nat"\ndomain = "a\\"b\\u000a"\ndhcp = ["10.0.0.5", "10.0.0.9"]\n\n[[lease]]\n'
            'mac = "00:16:3e:00:00:01"\nip = "10.0.0.7"\n',
        ),
        (
            ("--nat", "--forward", "80:10.0.0.7", "--forward", "udp/53-54:[fd00::1]:53"),
            'mode = "nat"\n\n[[forward]]\nport = 80\nto = "10.0.0.7"\n\n[[forward]]\nprotocol = "udp"\n'
            'port = "53-54"\nto = "[fd00::1]:53"\n',
        ),
    ],
)
def test_options_become_a_definition(xend: FakeXend, xm: Xm, words: tuple[str, ...], text: str) -> None:
    xend.routes["GET /networks"] = {"networks": [], "bridges": []}
    xend.routes["POST /networks/plan"] = PLAN
    xend.routes["PUT /networks/lan"] = {"job": job("network create", result={"network": "lan", "file": "f"})}
    assert xm("network", "create", "lan", *words) == 0
    assert bodies(xend)[-2:] == [{"network": "lan", "text": text}, {"text": text}]


def test_dryrun_shows_the_definition_and_the_plan(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    xend.routes["GET /networks"] = {"networks": [], "bridges": []}
    xend.routes["POST /networks/plan"] = PLAN
    (root / "lan.toml").write_text(NAT)
    assert xm("network", "create", "lan", "--from", "lan.toml", "-n") == 0
    assert capsys.readouterr().out.startswith(NAT + "\nmake    bridge lan\n")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--nat", "--routed"),
        ("--nat", "--subnet", "10.0.0.0/24", "--subnet", "10.1.0.0/24"),
        ("--nat", "--dhcp", "10.0.0.5"),
        ("--nat", "--forward", "80"),
        ("--nat", "--lease", "00:16:3e:00:00:01"),
        ("--nat", "--vlan", "x"),
    ],
)
def test_what_is_no_network_is_usage(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    xend.routes["GET /networks"] = {"networks": [], "bridges": []}
    assert xm("network", "create", "lan", *words) == 2


def test_a_name_that_is_taken_is_told_first(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /networks"] = LIST
    assert xm("network", "create", "lan", "--nat") == 5
    assert capsys.readouterr().err == "xm: there is a network 'lan' already\n  hint: xm network edit lan\n"
    assert xm("network", "create", "new", "--from", "nosuch") == 1
    assert "cannot read nosuch" in capsys.readouterr().err


def test_edit_takes_the_definition_from_a_file(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    xend.routes["GET /networks/lan"] = {"network": LAN, "text": NAT, "etag": "e", "leases": []}
    xend.routes["POST /networks/plan"] = PLAN
    xend.routes["PUT /networks/lan"] = {"job": job("network edit", result={"network": "lan", "file": "f"})}
    (root / "same").write_text(NAT)
    (root / "new").write_text(NAT + "isolate = true\n")
    assert xm("network", "edit", "lan", "--from", "same") == 0
    assert capsys.readouterr().out == "The definition is as it was.\n"
    assert xm("network", "edit", "lan", "--from", "new", "--yes") == 0
    assert bodies(xend)[-1] == {"text": NAT + "isolate = true\n", "etag": "e"}
    assert xm("network", "edit", "lan") == 2, "an editor needs a terminal"


def test_delete_says_what_it_has_done(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["DELETE /networks/lan"] = {"job": job("network delete", result={"network": "lan"})}
    assert xm("network", "delete", "lan") == 0
    assert "network lan is removed" in capsys.readouterr().err
