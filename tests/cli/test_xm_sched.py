from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem


def row(name: str, domid: int, scheduler: str, weight: int, cap: int) -> dict[str, object]:
    return {"domain": name, "domid": domid, "share": {"scheduler": scheduler, "weight": weight, "cap": cap}}


ROWS = [row("Domain-0", 0, "credit2", 1024, 0), row("web", 3, "credit2", 256, 50), row("old", 4, "credit", 1, 0)]


def test_the_table_is_xls(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /shares"] = {"domains": ROWS}
    assert xm("sched-credit2") == 0
    assert capsys.readouterr().out == (
        "Name                                ID Weight  Cap\n"
        "Domain-0                             0   1024    0\n"
        "web                                  3    256   50\n"
    )
    assert xm("sched-credit", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == ROWS


def test_the_other_scheduler_is_named(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web/share"] = {"domains": ROWS[1:2]}
    assert xm("sched-credit", "-d", "web") == 5
    assert capsys.readouterr().err == (
        "xm: the scheduler here is credit2, not credit\n  hint: xm sched-credit2 is the same for it\n"
    )
    xend.routes["GET /domains/nix/share"] = problem("there is no domain 'nix'")
    assert xm("sched-credit2", "-d", "nix") == 3


def test_on_control_groups_both_words_will_do(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /shares"] = {"domains": [row("web", 3, "cgroup", 256, 0)]}
    for verb in ("sched-credit", "sched-credit2"):
        assert xm(verb) == 0
        assert "web " in capsys.readouterr().out
    xend.routes["GET /shares"] = {"domains": []}
    assert xm("sched-credit") == 0


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("-w", "512"), {"weight": 512, "cap": None, "scope": "both"}),
        (("-c", "0", "--live"), {"weight": None, "cap": 0, "scope": "live"}),
        (("-w512", "-c50", "--config"), {"weight": 512, "cap": 50, "scope": "config"}),
    ],
)
def test_a_share_is_asked_for(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], body: dict[str, object]
) -> None:
    result = {"domain": "web", "share": None, "file": "/etc/xen/web.cfg", "notes": []}
    xend.routes["POST /domains/web/sched-credit?wait=30"] = {"job": job("sched-credit", result=result)}
    assert xm("sched-credit", "-d", "web", *words) == 0
    assert capsys.readouterr() == ("/etc/xen/web.cfg says so now, for the next start\n", "")
    assert xend.requests[0][2] == body


@pytest.mark.parametrize(
    "words",
    [("-w", "0"), ("-w", "65536"), ("-w", "x"), ("-c", "-1"), ("-c", "٣"), ("-w", "9" * 40), ("-c", ""), ("x",)],
)
def test_what_is_no_share_is_refused(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("sched-credit", "-d", "web", *words) == 2
    assert xend.requests == []


def test_a_share_is_somebodys(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("sched-credit", "-w", "512") == 2
    assert "of which domain?" in capsys.readouterr().err


def test_sedf_is_told_what_to_use(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("sched-sedf", "-d", "web", "-p", "20") == 2
    assert "instead: xm sched-credit2 -d DOMAIN" in capsys.readouterr().err
