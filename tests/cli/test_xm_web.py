from __future__ import annotations

import json
import time

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, problem

URL = "https://alpha:8006/login#made-up"


@pytest.fixture
def running(xend: FakeXend) -> FakeXend:
    xend.routes["POST /login-links"] = {"url": URL, "expires": time.time() + 299}
    return xend


def test_the_link_stands_alone_on_standard_output(
    running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("web") == 0
    said = capsys.readouterr()
    assert said.out == f"{URL}\n"
    assert said.err == "xm: it logs you in once, within 5 minutes; whoever has it first is you\n"


def test_for_programs_it_is_json(running: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("web", "-o", "json") == 0
    said = capsys.readouterr()
    assert (json.loads(said.out)["url"], said.err) == (URL, "")


def test_without_xenia_web_it_is_said_how_there_is_one(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    told = problem("xenia-web does not run here", "unavailable", 503, 1, hint="start it beside xend: xenia-web")
    xend.routes["POST /login-links"] = told
    assert xm("web") == 1
    assert capsys.readouterr().err == "xm: xenia-web does not run here\n  hint: start it beside xend: xenia-web\n"
