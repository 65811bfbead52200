"""What is under way, from the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import Answer, FakeXend, job, problem


def line(number: int, text: str, *, warning: bool = False) -> dict[str, Any]:
    return {"number": number, "at": 1795826350.0 + number, "text": text, "warning": warning}


COPIES = line(2, "copies xvda to /srv/\x1b[2J")
KNOWN = {"caller": "olga", "started_at": 1795826350.0, "ended_at": None, "progress": None, "last_line": None}
RUNNING = job("block-move", "running", **{**KNOWN, "progress": 0.42, "last_line": COPIES})
DONE = job("block-move", "done", **{**KNOWN, "ended_at": 1795826353.5, "last_line": COPIES})
WHY = {"detail": "there is no room", "hint": "remove something", "kind": "unavailable", "exit_code": 6}
FAILED = job("save", "failed", **{**KNOWN, "ended_at": 1795826351.0}) | {"domain": "db", "error": WHY}


def test_the_list_says_what_each_does(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /jobs"] = {"jobs": [FAILED, RUNNING]}
    assert xm("job", "list") == 0
    head, failed, running = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "What", "Of", "By", "Started", "State", "Now"]
    assert failed.split()[:4] + failed.split()[6:] == ["7", "save", "db", "olga", "failed", "there", "is", "no", "room"]
    assert running.split()[6:] == ["42", "%", "copies", "xvda", "to", "/srv/\\x1b[2J"]


@pytest.mark.parametrize(("words", "shown"), [(["web"], [RUNNING]), (["-r"], [RUNNING]), (["db"], [FAILED])])
def test_a_part_of_the_list(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], shown: list[dict[str, Any]]
) -> None:
    xend.routes["GET /jobs"] = {"jobs": [FAILED, RUNNING]}
    assert xm("job", "ls", "-o", "json", *words) == 0
    assert json.loads(capsys.readouterr().out) == shown


def test_nothing_is_said_in_words(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /jobs"] = {"jobs": [FAILED]}
    assert xm("job", "list", "--running") == 0
    assert capsys.readouterr().out == "There are none.\n"


def test_one_job_and_its_log(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line(1, "opened"), line(2, "not frozen", warning=True)]
    xend.routes["GET /jobs/7"] = {"job": FAILED}
    xend.routes["GET /jobs/7/log"] = {"lines": lines}
    assert xm("job", "show", "7") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "job 7: save db, asked for by olga"
    assert [each.split("  ", 1)[-1] for each in shown[1:]] == [
        *("begun", "opened", "warning: not frozen", "failed, after 1.0 s"),
        *("there is no room", "hint: remove something"),
    ]
    assert xm("job", "show", "-o", "json", "7") == 0
    assert json.loads(capsys.readouterr().out) == FAILED | {"log": lines}


def test_one_that_runs_says_how_far_it_is(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /jobs/7"] = {"job": RUNNING}
    xend.routes["GET /jobs/7/log"] = {"lines": [COPIES]}
    assert xm("job", "show", "7") == 0
    assert capsys.readouterr().out.endswith("copies xvda to /srv/\\x1b[2J\nIt runs: 42 %\n")


class Changing(Answer):
    """Has another answer each time; the last one stays."""

    def __init__(self, *answers: dict[str, Any] | Answer) -> None:
        super().__init__()
        self.answers = list(answers)

    def encode(self) -> bytes:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return (answer if isinstance(answer, Answer) else Answer(answer)).encode()


def test_a_job_is_followed_to_its_end(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /jobs/7"] = {"job": RUNNING}
    xend.routes["GET /jobs/7?wait=0.5"] = Changing({"job": RUNNING}, {"job": DONE})
    xend.routes["GET /jobs/7/log"] = {"lines": [line(1, "begins")]}
    xend.routes["GET /jobs/7/log?after=1"] = Changing({"lines": []}, {"lines": [line(2, "copies")]})
    xend.routes["GET /jobs/7/log?after=2"] = {"lines": [line(3, "changed over")]}
    assert xm("job", "show", "-f", "7") == 0
    shown = [each.split("  ", 1)[-1] for each in capsys.readouterr().out.splitlines()[1:]]
    assert shown == ["begun", "begins", "copies", "changed over", "done, after 3.5 s"]


def test_who_follows_one_that_fails_ends_as_it_does(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /jobs/7"] = Changing({"job": RUNNING}, {"job": FAILED})
    xend.routes["GET /jobs/7?wait=0.5"] = problem("there is no room", "unavailable", 503, 6)
    xend.routes["GET /jobs/7/log"] = xend.routes["GET /jobs/7/log?after=0"] = {"lines": []}
    assert xm("job", "show", "--follow", "7") == 6
    said = capsys.readouterr()
    assert said.err == "xm: there is no room\n  hint: remove something\n"
    assert said.out.splitlines()[-1].endswith("begun")


@pytest.mark.parametrize("state", ["cancelled", "lost"])
def test_who_follows_one_that_does_not_come_to_its_end_is_told(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    xend.routes["GET /jobs/7"] = {"job": job("save", state, **{**KNOWN, "ended_at": 1795826351.0})}
    xend.routes["GET /jobs/7/log"] = xend.routes["GET /jobs/7/log?after=0"] = {"lines": []}
    assert xm("job", "show", "-f", "7") != 0
    assert capsys.readouterr().err == f"xm: the save of 'web' was {state}\n"


def test_a_job_is_cancelled(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /jobs/7/cancel"] = Changing({"job": job("save", "cancelled", **KNOWN)}, {"job": DONE})
    assert xm("job", "cancel", "7") == 0
    assert capsys.readouterr().err == ""
    assert xm("job", "cancel", "7") == 0
    assert capsys.readouterr().err == "xm: job 7 had ended before: done\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show"], 2),
        (["show", "web"], 2),
        (["show", "-1"], 2),
        (["show", "٧"], 2),
        (["show", "9" * 20], 2),
        (["show", "-f", "-o", "json", "7"], 2),
        (["cancel", ""], 2),
        (["cancel"], 2),
        (["show", "8"], 3),
    ],
)
def test_what_makes_no_sense(xend: FakeXend, xm: Xm, words: list[str], code: int) -> None:
    xend.routes["GET /jobs/8"] = problem("there is no job 8")
    assert xm("job", *words) == code
    assert code == 3 or xend.requests == []
