from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

WEB = {
    "domain": "web",
    "domid": 3,
    "vcpus": [
        {"number": 0, "state": "running", "cpu": 1, "cpu_time": 12.34, "cpus": None, "soft": None},
        {"number": 1, "state": "offline", "cpu": None, "cpu_time": 0.0, "cpus": [0, 2], "soft": [1]},
    ],
}


def test_the_table_is_xms(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /vcpus"] = xend.routes["GET /domains/web/vcpus"] = {"domains": [WEB]}
    table = (
        "Name                                ID  VCPU   CPU State   Time(s) CPU Affinity\n"
        "web                                  3     0     1   r--      12.3 any cpu\n"
        "web                                  3     1     -   --p       0.0 0,2 (rather 1)\n"
    )
    for words in ((), ("web",)):
        assert xm("vcpu-list", *words) == 0
        assert capsys.readouterr().out == table
    assert xm("vcpu-list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [WEB]
    xend.routes["GET /domains/nix/vcpus"] = problem("there is no domain 'nix'")
    assert xm("vcpu-list", "nix") == 3


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("0", "0-3,^1"), {"vcpu": 0, "cpus": "0-3,^1", "soft": "", "scope": "both"}),
        (("all", "all", "1", "--live"), {"vcpu": None, "cpus": "all", "soft": "1", "scope": "live"}),
        (("1", "-", "2", "--config"), {"vcpu": 1, "cpus": "", "soft": "2", "scope": "config"}),
    ],
)
def test_pinning_is_asked_for(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], body: dict[str, object]
) -> None:
    result = {"domain": "web", "file": "", "notes": []}
    xend.routes["POST /domains/web/vcpu-pin?wait=30"] = {"job": job("vcpu-pin", result=result)}
    assert xm("vcpu-pin", "web", *words) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == body


@pytest.mark.parametrize("words", [("x", "0"), ("0",), ("0", "-"), ("0", "-", "-"), ("0", "1", "2", "3")])
def test_what_is_no_pinning_is_refused(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("vcpu-pin", "web", *words) == 2
    assert xend.requests == []


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("2",), {"count": 2, "scope": "both", "ignore_host": False}),
        (("--live", "-i", "2"), {"count": 2, "scope": "live", "ignore_host": True}),
        (("--config", "2"), {"count": 2, "scope": "config", "ignore_host": False}),
    ],
)
def test_more_or_fewer_are_asked_for_and_what_came_of_it_is_said(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], body: dict[str, object]
) -> None:
    result = {"domain": "web", "vcpus": 1, "file": "/etc/xen/web.cfg", "notes": ["it has 1 so far"]}
    xend.routes["POST /domains/web/vcpu-set?wait=30"] = {"job": job("vcpu-set", result=result)}
    assert xm("vcpu-set", *words[:-1], "web", words[-1]) == 0
    assert capsys.readouterr() == ("/etc/xen/web.cfg says so now, for the next start\n", "xm: it has 1 so far\n")
    assert xend.requests[0][2] == body


@pytest.mark.parametrize("word", ["0", "-1", "x", "", "1.5", "٣", "4097", "9" * 40])
def test_what_is_no_number_of_cpus_is_refused(xend: FakeXend, xm: Xm, word: str) -> None:
    assert xm("vcpu-set", "web", word) == 2
    assert xend.requests == []
