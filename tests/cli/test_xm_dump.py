from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

ROUTE = "POST /domains/web/dump-core?wait=30"


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["web"], {"file": "", "live": False, "then": "nothing"}),
        (["-L", "-C", "web", "/srv/x"], {"file": "/srv/x", "live": True, "then": "destroy"}),
        (["web", "x.core", "--reset"], {"file": "HERE/x.core", "live": False, "then": "reset"}),
    ],
)
def test_what_is_asked_for(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], body: dict[str, object]
) -> None:
    result = {"domain": "web", "file": "/srv/x", "notes": ["the guest stood still"]}
    xend.routes[ROUTE] = {"job": job("dump-core", result=result)}
    assert xm("dump-core", *words) == 0
    assert capsys.readouterr() == ("/srv/x\n", "xm: the guest stood still\n")
    assert xend.requests[0][2] == {key: str(value).replace("HERE", str(Path.cwd())) if key == "file" else value
                                   for key, value in body.items()}  # fmt: skip
    assert xm("dump-core", "-o", "json", *words) == 0
    assert json.loads(capsys.readouterr().out) == result


def test_both_ways_to_go_on_are_one_too_many(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("dump-core", "-C", "-R", "web") == 2
    assert "either --crash or --reset" in capsys.readouterr().err


def test_what_does_not_fit_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    words = "the core would have 512 MiB, and /var/lib/xen/dump has 10 MiB free"
    xend.routes[ROUTE] = problem(words, "unavailable", 503, 1)
    assert xm("dump-core", "web") == 1
    assert words in capsys.readouterr().err
