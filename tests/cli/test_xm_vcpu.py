from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

WEB = {
    "domain": "web",
    "domid": 3,
    "vcpus": [
        {"number": 0, "state": "running", "cpu": 1, "cpu_time": 12.34, "cpus": None},
        {"number": 1, "state": "offline", "cpu": None, "cpu_time": 0.0, "cpus": [0, 2]},
    ],
}


def test_the_table_is_xms(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /vcpus"] = xend.routes["GET /domains/web/vcpus"] = {"domains": [WEB]}
    table = (
        "Name                                ID  VCPU   CPU State   Time(s) CPU Affinity\n"
        "web                                  3     0     1   r--      12.3 any cpu\n"
        "web                                  3     1     -   --p       0.0 0,2\n"
    )
    for words in ((), ("web",)):
        assert xm("vcpu-list", *words) == 0
        assert capsys.readouterr().out == table
    assert xm("vcpu-list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [WEB]
    xend.routes["GET /domains/nix/vcpus"] = problem("there is no domain 'nix'")
    assert xm("vcpu-list", "nix") == 3


@pytest.mark.parametrize(("word", "number"), [("0", 0), ("all", None)])
def test_pinning_is_asked_for_and_silent(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], word: str, number: int | None
) -> None:
    xend.routes["POST /domains/web/vcpu-pin?wait=30"] = {"job": job("vcpu-pin", result={"domain": "web"})}
    assert xm("vcpu-pin", "web", word, "0-3,^1") == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == {"vcpu": number, "cpus": "0-3,^1"}
    assert xm("vcpu-pin", "web", "x", "0") == xm("vcpu-pin", "web", "0") == 2


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
