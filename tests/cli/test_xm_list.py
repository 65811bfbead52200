from __future__ import annotations

import json

import pytest
import yaml
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, UUID, Answer, FakeXend, domain, problem

RUNNING = "GET /domains?all=false"
ADDRESSED = f"{RUNNING}&addresses=true"


def test_the_table_is_what_xm_printed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = domain("server01.example.com", 1, memory=1024, letters="-b----", cpu_time=167643.2)
    xend.routes[RUNNING] = {"domains": [DOMAIN_0, blocked]}
    assert xm("list") == 0
    assert capsys.readouterr().out == (
        "Name                                        ID   Mem VCPUs      State   Time(s)\n"
        "Domain-0                                     0  1023     1     r----- 154706.1\n"
        "server01.example.com                         1  1024     1     -b---- 167643.2\n"
    )


def test_a_long_name_is_not_cut(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[RUNNING] = {"domains": [domain("n" * 60, 12)]}
    xm("list")
    assert capsys.readouterr().out.splitlines()[1] == "n" * 60 + "    12   512     1     r-----     12.3"


@pytest.mark.parametrize("output", ["table", "wide", "name"])
def test_terminal_escapes_in_names_are_made_visible(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    xend.routes[RUNNING] = xend.routes[ADDRESSED] = {
        "domains": [domain("evil\x1b[2J\u202ename", file="/etc/xen/\x07.cfg")]
    }
    assert xm("list", "-o", output) == 0
    out = capsys.readouterr().out
    assert "evil\\x1b[2J\\u202ename" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_domains_that_only_are_defined_are_asked_for_with_all(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    defined = domain("old", None, state="defined", letters="------", cpu_time=0.0)
    xend.routes["GET /domains?all=true"] = {"domains": [defined]}
    assert xm("list", "--all") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["old", "-", "512", "1", "------", "0.0"]


def test_states_choose_domains(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [domain("a", state="blocked"), domain("b", state="paused"), domain("c", None, state="defined")]
    xend.routes[RUNNING] = {"domains": rows[:2]}
    xend.routes["GET /domains?all=true"] = {"domains": rows}
    assert xm("list", "--state=running", "-o", "name") == 0
    assert xm("list", "--state", "paused,halted", "-o", "name") == 0
    assert xm("list", "--state=all", "-o", "name") == 0
    assert capsys.readouterr().out.split() == ["a", "b", "c", "a", "b", "c"]


def test_an_unknown_state_is_a_wrong_usage(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("list", "--state=sleeping") == 2
    assert "no state 'sleeping'" in capsys.readouterr().err


def test_a_name_that_is_not_there_is_told_and_the_others_are_shown(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web"] = {"domain": domain(), "config": None}
    xend.routes["GET /domains/nosuch"] = problem("there is no domain 'nosuch'", hint="did you mean nosuchthing?")
    assert xm("list", "nosuch", "web", "-o", "name") == 3
    out, err = capsys.readouterr()
    assert out == "web\n"
    assert err == "xm: there is no domain 'nosuch'\n  hint: did you mean nosuchthing?\n"


def test_a_table_of_nothing_found_is_no_table(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/nosuch"] = problem("there is no domain 'nosuch'")
    assert xm("list", "nosuch") == 3
    assert capsys.readouterr().out == ""


def test_json_and_yaml_hold_the_same(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [DOMAIN_0, domain("yes\x1b", 5, file="a: b # c", vifs=["vif5.0"])]
    xend.routes[ADDRESSED] = {"domains": rows}
    assert xm("list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == rows
    assert xm("list", "-oyaml") == 0
    assert yaml.safe_load(capsys.readouterr().out) == rows


def test_the_wide_table_has_no_empty_cell(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    addresses = [{"vif": 0, "ip": ip, "source": "lease"} for ip in ("192.0.2.7", "2001:db8::7")]
    row = domain(vnc="127.0.0.1:1", started_at=0.0, addresses=addresses, tags=["web", "berlin"])
    xend.routes[ADDRESSED] = {"domains": [DOMAIN_0, row]}
    assert xm("list", "-o", "wide") == 0
    header, first, second = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == [
        "Name",
        "ID",
        "Mem",
        "VCPUs",
        "State",
        "Time(s)",
        "Kind",
        "Engine",
        "Uptime",
        "VNC",
        "Tags",
        "Addresses",
        "File",
    ]
    assert first[6:] == ["pv", "simulated", "-", "-", "-", "-", "-"]
    assert second[-4:] == ["127.0.0.1:1", "web,berlin", "192.0.2.7,2001:db8::7", "/etc/xen/web.cfg"]
    assert "d" in second[8]


def test_only_those_that_have_a_tag(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[RUNNING] = {"domains": [DOMAIN_0, domain("web", tags=["web", "b"]), domain("db", tags=["web2"])]}
    assert xm("list", "--tag", "web", "-o", "name") == 0
    assert capsys.readouterr().out == "web\n"
    assert xm("list", "--tag", "nothing", "-o", "name") == 0
    assert capsys.readouterr().out == ""


def test_the_long_form_leaves_out_what_has_ended_meanwhile(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes[RUNNING] = {"domains": [DOMAIN_0, domain()]}
    xend.routes[f"GET /domains/{DOMAIN_0['uuid']}"] = {"domain": DOMAIN_0, "config": None, "macs": []}
    xend.routes[f"GET /domains/{UUID}"] = problem("gone")
    assert xm("list", "-l") == 0
    out = capsys.readouterr().out
    assert out.startswith("(domain\n    (domid 0)\n")
    assert "    (name Domain-0)\n" in out
    assert "    (state r-----)\n" in out


def test_names_are_quoted_in_the_request(xend: FakeXend, xm: Xm) -> None:
    xend.routes["GET /domains/a%20b%3F%25%C3%A4"] = {"domain": domain()}
    assert xm("list", "a b?%ä") == 0


@pytest.mark.parametrize(("ref", "code"), [("", 2), ("a/b", 3), ("../jobs", 3)])
def test_words_that_can_be_no_name_are_refused(xend: FakeXend, xm: Xm, ref: str, code: int) -> None:
    assert xm("list", ref) == code
    assert xend.requests == []


def test_an_answer_that_is_no_json_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[RUNNING] = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html")
    assert xm("list") == 7
    assert "does not answer like xend" in capsys.readouterr().err


def test_files_that_cannot_be_used_and_domains_of_several_files_are_told(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["/etc/xen/web.cfg", "/etc/xen/web-install.cfg"]
    broken = domain("bad", None, state="defined", problem="/etc/xen/bad.cfg:1:8: not closed", letters="------")
    told = {"domains": [domain("web", files=files), broken]}
    xend.routes["GET /domains?all=true"] = xend.routes["GET /domains?all=true&addresses=true"] = told
    assert xm("list", "--all") == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["Name", "web", "bad"]
    assert err.splitlines() == [
        "xm: 'web' is defined by 2 files: /etc/xen/web.cfg, /etc/xen/web-install.cfg",
        "xm: a file that cannot be used: /etc/xen/bad.cfg:1:8: not closed",
    ]
    assert xm("list", "--all", "-o", "wide") == 0
    assert "/etc/xen/web.cfg,/etc/xen/web-install.cfg" in capsys.readouterr().out


def test_every_name_that_is_nobodys_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nix", "nada"):
        xend.routes[f"GET /domains/{name}"] = problem(f"there is no domain '{name}'")
    assert xm("list", "nix", "nada") == 3
    assert capsys.readouterr().err == "xm: there is no domain 'nix'\nxm: there is no domain 'nada'\n"


def test_how_a_domain_came_to_its_end_is_said_beside_the_table(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains?all=true"] = {"domains": [domain(state="defined", ending="it ended at 12: why")]}
    assert xm("list", "--all") == 0
    assert capsys.readouterr().err == "xm: 'web': it ended at 12: why\n"
    assert xm("list", "--all", "-o", "name") == 0
    assert capsys.readouterr().err == ""
