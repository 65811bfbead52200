from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain, job, problem

ROUTE = "POST /domains/web/save?wait=0.3"


@pytest.mark.parametrize(
    ("words", "then"), [([], "end"), (["-c"], "run"), (["--checkpoint"], "run"), (["-p"], "pause")]
)
def test_what_is_asked_for(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], then: str
) -> None:
    result = {"domain": "web", "file": "/srv/x"}
    xend.routes[ROUTE] = {"job": job("save", result=result)}
    assert xm("save", *words, "web", "x") == 0
    assert capsys.readouterr().out == "Saved domain web to /srv/x\n"
    assert xend.requests[0][2] == {"file": str(Path.cwd() / "x"), "then": then}
    assert xm("save", "-o", "json", *words, "web", "x") == 0
    assert json.loads(capsys.readouterr().out) == result


@pytest.mark.parametrize("words", [[], ["web"], ["-c", "-p", "web", "x"], ["--info", "x", "web"]])
def test_what_makes_no_sense(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert xm("save", *words) == 2
    assert capsys.readouterr().err.startswith("xm: save: ")


def test_a_restore(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /restore?wait=30"] = {"job": job("restore", result={"domain": "web", "domid": 3, "uuid": "u"})}
    assert xm("restore", "-p", "/srv/x") == 0
    assert capsys.readouterr().out == "Restored domain web (id=3)\n"
    assert xend.requests[0][2] == {"file": "/srv/x", "paused": True, "changed": False}
    assert xm("restore", "web.cfg", "/srv/x") == 2


def test_what_does_not_fit_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    words = "domain 'web' cannot go on: the image /a of xvda was written to"
    xend.routes["POST /restore?wait=30"] = problem(words, "conflict", 409, 5, hint="xm restore --changed /srv/x")
    assert xm("restore", "/srv/x") == 5
    assert capsys.readouterr().err == f"xm: {words}\n  hint: xm restore --changed /srv/x\n"


def test_a_domain_is_suspended_and_resumed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/web/suspend?wait=0.3"] = {"job": job(result={"domain": "web"})}
    xend.routes["POST /domains/web/resume?wait=30"] = {"job": job(result={"domain": "web", "domid": 7})}
    assert xm("suspend", "web") == 0
    assert xm("resume", "-p", "web") == 0
    assert xend.requests[-1][2] == {"paused": True, "changed": False, "discard": False}
    assert xm("resume", "--discard", "web") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Suspended domain web", "Resumed domain web (id=7)", "web boots at its next start",
    ]  # fmt: skip
    assert xm("resume", "--discard", "-p", "web") == 2


def test_a_suspended_domain_says_so(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    row = domain(state="defined", suspended=True, ending="it was suspended at noon: xm resume lets it go on")
    xend.routes["GET /domains/web"] = {"domain": row}
    assert xm("domstate", "web") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("suspended\n", "xm: it was suspended at noon: xm resume lets it go on\n")
