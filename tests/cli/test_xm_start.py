"""xm start: the file that xend names, read with the rights of whoever runs xm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import UUID, FakeXend, job, problem

RESULT = {"domain": "web", "uuid": UUID, "domid": 3, "complaints": []}


@pytest.fixture
def guest_file(xend: FakeXend) -> Path:
    path = xend.root / "etc/xen/run.cfg"
    path.write_text("name = 'web'\n")
    xend.routes["GET /domains/web/start-file"] = {"domain": "web", "file": str(path)}
    xend.routes["POST /domains"] = {"job": job("create", result=RESULT)}
    return path


def test_a_domain_is_started_by_its_name(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("start", "web", "-p") == 0
    assert capsys.readouterr() == (f'Using config file "{guest_file}".\nStarted domain web (id=3)\n', "")
    body = {"text": "name = 'web'\n", "file": str(guest_file), "paused": True, "domain": "web"}
    assert [sent for method, _, sent in xend.requests if method == "POST"] == [body]


def test_programs_get_the_result_alone(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("start", "web", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == RESULT
    assert xm("start", "web", "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_what_xend_says_against_it_is_shown_and_nothing_started(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web/start-file"] = problem("2 files", "conflict", 409, 5, hint="xm create a.cfg")
    assert xm("start", "web") == 5
    assert capsys.readouterr() == ("", "xm: 2 files\n  hint: xm create a.cfg\n")
    assert [method for method, _, _ in xend.requests] == ["GET"]


def test_a_file_that_is_gone_is_named(
    guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    guest_file.unlink()
    assert xm("start", "web") == 3
    assert str(guest_file) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "NAME"),
        (("",), "the name of a domain may not be empty"),
        (("web", "memory=5"), "memory=5"),
        (("web", "-c", "-o", "json"), "start: -c shows a console"),
    ],
)
def test_wrong_words_are_told(
    words: tuple[str, ...], said: str, guest_file: Path, xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("start", *words) == 2
    assert said in capsys.readouterr().err
    assert xend.requests == []


def test_a_file_in_the_place_of_a_name_is_told_from_one(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("start", "/etc/xen/web.cfg") == 3
    assert "not by its file" in capsys.readouterr().err
