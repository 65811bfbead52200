from __future__ import annotations

import json
import time

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain, problem

from xenia.cli.uptime import said

NOW = 1_000_000_000.0
DAYS_98 = ((98 * 24 + 2) * 60 + 27) * 60 + 44
DAYS_15 = ((15 * 24 + 20) * 60 + 57) * 60 + 7


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time stands still."""
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def running(xend: FakeXend) -> FakeXend:
    rows = [
        DOMAIN_0 | {"started_at": NOW - DAYS_98},
        domain("instance1.example.com", 119, started_at=NOW - DAYS_15 - 0.9),
    ]
    xend.routes["GET /domains?all=false"] = {"domains": rows}
    xend.routes["GET /domains/119"] = {"domain": rows[1]}
    return xend


def test_the_table_is_xms(running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    """As xm 4.0.1 printed it (../shared/corpus/xm-output/xen-xm-uptime-4.0.1.txt)."""
    assert xm("uptime") == 0
    assert capsys.readouterr().out == (
        "Name                                ID Uptime\n"
        "Domain-0                             0 98 days,  2:27:44\n"
        "instance1.example.com              119 15 days, 20:57:07\n"
    )


def test_the_short_form_is_a_sentence(running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("uptime", "-s", "119") == 0
    assert capsys.readouterr().out == " 01:46:40 up 15 days, 20:57, instance1.example.com (119)\n"


def test_programs_get_seconds(running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("uptime", "-o", "json", "119") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "instance1.example.com", "domid": 119, "uptime": DAYS_15},
    ]


def test_what_does_not_run_or_is_not_there_is_told_and_does_not_stop_the_others(
    running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    running.routes["GET /domains/web"] = {"domain": domain("web", None, state="defined")}
    running.routes["GET /domains/nix"] = problem("there is no domain 'nix'")
    assert xm("uptime", "web", "119", "nix") == 3
    out, err = capsys.readouterr()
    assert "instance1" in out
    assert "domain 'web' is not running\n  hint: start it first: xm create /etc/xen/web.cfg" in err
    assert "no domain 'nix'" in err
    assert xm("uptime", "web") == 5
    assert capsys.readouterr().out == "", "no heading over nothing"


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0, " 0:00:00", " 0:00"),
        (86_399, "23:59:59", "23:59"),
        (86_400, "1 day,  0:00:00", "1 day,  0:00"),
        (2 * 86_400 + 61, "2 days,  0:01:01", "2 days,  0:01"),
    ],
)
def test_days_are_said_in_words(seconds: int, long: str, short: str) -> None:
    assert (said(seconds), said(seconds, short=True)) == (long, short)


def test_a_clock_that_was_set_back_is_no_trouble(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains?all=false"] = {"domains": [DOMAIN_0 | {"started_at": NOW + 50}]}
    assert xm("uptime") == 0
    assert capsys.readouterr().out.endswith(" 0  0:00:00\n")


@pytest.mark.parametrize("state", ["running", "defined", "crashed"])
def test_domstate_is_one_word(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], state: str) -> None:
    xend.routes["GET /domains/web"] = {"domain": domain(state=state)}
    assert xm("domstate", "web") == 0
    assert capsys.readouterr().out == f"{state}\n"


def test_domstate_says_why_beside_it(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    why = "it has crashed: the guest's kernel panicked; it is started again in 8 s"
    xend.routes["GET /domains/web"] = {"domain": domain(state="crashed", ending=why)}
    assert xm("domstate", "web") == 0
    assert capsys.readouterr() == ("crashed\n", f"xm: {why}\n")
