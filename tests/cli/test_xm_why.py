from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, problem

WHY = {
    "domain": "web",
    "domid": 3,
    "seconds": 3.01,
    "findings": [
        {"weight": 40, "message": "it waits", "command": "xm vcpu-pin b\x1b all 1"},
        {"weight": 5, "message": "it is so", "command": ""},
    ],
    "unknown": ["the weather"],
}


def test_findings_come_with_the_command_that_changes_them(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web/why?seconds=3"] = WHY
    assert xm("why", "web") == 0
    assert capsys.readouterr().out == (
        "web, looked at for 3.0 s; what weighs most comes first:\n"
        "  40  it waits\n"
        "        xm vcpu-pin b\\x1b all 1\n"
        "   5  it is so\n"
        "   ?  not known: the weather\n"
    )
    assert xm("why", "-o", "json", "web") == 0
    assert json.loads(capsys.readouterr().out) == WHY


def test_where_nothing_holds_it_back_that_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web/why?seconds=0.5"] = WHY | {"findings": [], "unknown": [], "seconds": 0.5}
    assert xm("why", "-s", "0.5", "web") == 0
    assert capsys.readouterr().out == "nothing holds web back (looked at for 0.5 s)\n"


@pytest.mark.parametrize("seconds", ["x", "0", "-1", "61", "nan", "inf"])
def test_a_time_that_is_none_is_refused(xend: FakeXend, xm: Xm, seconds: str) -> None:
    assert xm("why", f"--seconds={seconds}", "web") == 2
    assert xend.requests == []


def test_who_is_not_there_is_said(xend: FakeXend, xm: Xm) -> None:
    xend.routes["GET /domains/nix/why"] = problem("there is no domain 'nix'")
    assert xm("why", "nix") == 3
