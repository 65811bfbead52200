"""xm plan and apply."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

NOW = {"key": "on_crash", "wanted": "preserve", "running": "restart", "when": "now"}
LATER = {"key": "memory", "wanted": "512", "running": "256", "when": "at next start"}
COMPLAINT = {
    "severity": "error", "message": "not closed", "file": "/g/bad.cfg", "line": 1, "column": 8, "text": "name = 'x",
    "hint": None, "key": "",
}  # fmt: skip


def row(file: str, outcome: str, **others: Any) -> dict[str, Any]:
    answer = {"file": file, "domain": file[:-4], "outcome": outcome, "written": outcome not in ("untouched",)}
    return answer | {"note": "", "differences": [], "complaints": []} | others


def plan(*rows: dict[str, Any], folder: str = "/g") -> dict[str, Any]:
    return {"folder": folder, "digest": "d1", "rows": list(rows)}


WEB = row("web.cfg", "changed at next start", differences=[LATER, NOW])
MAIL = row("mail.cfg", "created", domain="post", note="it is defined, and not started: xm create post")
BAD = row("bad.cfg", "refused", domain="", complaints=[COMPLAINT])
OLD = row("old.cfg", "untouched")


def test_a_plan_is_told_by_what_happens(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /folder/plan"] = plan(BAD, MAIL, OLD, WEB)
    assert xm("plan", "/g") == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "created:",
        "  mail.cfg (domain post): it is defined, and not started: xm create post",
        "changed at next start:",
        "  web.cfg",
        "    memory    256 -> 512           at next start",
        "    on_crash  restart -> preserve  now, by xm apply",
        "refused:",
        "  bad.cfg",
        "1 created, 1 changed at next start, 1 refused, 1 untouched",
    ]
    assert err == "/g/bad.cfg:1:8: error: not closed\n    1 | name = 'x\n      |        ^\n"
    assert xm("plan", "/g", "-v") == 1
    assert "untouched:\n  old.cfg\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((), 0),
        ((OLD,), 0),
        ((row("web.cfg", "changed at next start", differences=[LATER], written=False),), 0),
        ((row("web.cfg", "changed now", differences=[NOW], written=False),), 2),
        ((MAIL,), 2),
        ((MAIL, BAD), 1),
    ],
)
def test_the_exit_code_tells_whether_apply_has_something_to_do(
    xend: FakeXend, xm: Xm, rows: tuple[dict[str, Any], ...], code: int
) -> None:
    xend.routes["POST /folder/plan"] = plan(*rows)
    assert xm("plan", "/g", "--exit-code") == code
    assert xm("plan", "/g", "--exit-code", "-o", "json") == code


def test_a_folder_is_named_by_its_absolute_path(xend: FakeXend, xm: Xm, root: Path) -> None:
    xend.routes["POST /folder/plan"] = plan()
    assert xm("plan", "etc", "--remove") == 0
    assert xm("plan") == 0
    assert [body for _, _, body in xend.requests] == [
        {"folder": f"{root}/etc", "remove": True},
        {"folder": "", "remove": False},
    ]


def test_an_apply_sends_the_plan_that_was_looked_at(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /folder/plan"] = plan(MAIL, WEB)
    xend.routes["POST /folder/apply"] = {"job": job("apply", result={"written": ["mail.cfg"], "changed": ["web"]})}
    assert xm("apply", "/g", "--yes") == 0
    assert xend.requests[-1][2] == {"folder": "/g", "remove": False, "digest": "d1"}
    assert capsys.readouterr().out.endswith(
        "1 file written, 1 running domain changed.\nxm apply --undo takes it back.\n"
    )
    assert xm("apply", "/g", "--yes", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": ["mail.cfg"], "changed": ["web"]}


def test_nothing_is_applied_while_a_file_is_refused_or_without_a_yes(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    xend.routes["POST /folder/plan"] = plan(BAD, MAIL)
    assert xm("apply", "/g", "--yes") == 1
    assert capsys.readouterr().err.endswith("xm: nothing was done, since these files are refused: bad.cfg\n")
    xend.routes["POST /folder/plan"] = plan(MAIL)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert xm("apply", "/g") == 2
    assert "nobody is there to be asked" in capsys.readouterr().err
    assert {path for _, path, _ in xend.requests} == {"/folder/plan"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "applied"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("", False)])
def test_on_a_terminal_it_asks(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str,
    applied: bool,
) -> None:  # fmt: skip
    xend.routes["POST /folder/undo"] = {"job": job("undo", result={"written": ["a.cfg", "b.cfg"], "changed": []})}
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    if applied:
        assert xm("apply", "--undo") == 0
        assert capsys.readouterr().out == "2 files written, 0 running domains changed.\n"
    else:
        with pytest.raises(SystemExit) as ended:
            xm("apply", "--undo")
        assert ended.value.code == 1
        assert xend.requests == []


def test_nothing_to_do_is_no_question(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /folder/plan"] = plan(OLD)
    assert xm("apply", "/g") == 0
    assert capsys.readouterr().out == "1 untouched\n"
    xend.routes["POST /folder/plan"] = plan()
    assert xm("apply") == 0
    assert capsys.readouterr().out == "there are no guest files\n"


@pytest.mark.parametrize("words", [("apply", "/g", "--undo"), ("plan", "--remove"), ("apply", "--remove", "-y")])
def test_words_that_do_not_go_together_are_a_wrong_usage(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm(*words) == 2
    assert xend.requests == []
