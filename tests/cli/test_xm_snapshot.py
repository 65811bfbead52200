from __future__ import annotations

from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

from xenia.cli.snapshot.table import TABLE
from xenia.cli.snapshot.words import MOMENTS
from xenia.model.operations import SNAPSHOT_OPERATIONS
from xenia.model.snapshot import Moment


def snapshot(name: str, parent: str = "", **others: Any) -> dict[str, Any]:
    plain = {"name": name, "id": "0000000a", "at": 0.0, "parent": parent, "description": "", "moment": "crash"}
    cold = {"wanted": 0, "ready": 0, "memory": 0, "problem": ""}
    return {
        **plain,
        "size": 0,
        "current": False,
        "children": [],
        "disks": ["xvda"],
        "picture": False,
        "warm": cold,
    } | others


def test_the_table_says_what_the_model_says() -> None:
    assert {f"snapshot {entry.name}": entry.summary for entry in TABLE} == {
        name: operation.sentence for name, operation in SNAPSHOT_OPERATIONS.items()
    }
    assert {moment.value for moment in Moment} == MOMENTS.keys()


def test_they_are_listed_as_a_tree(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    found = [snapshot("a"), snapshot("b", "a"), snapshot("c", "b"), snapshot("d", "a", current=True), snapshot("e")]
    xend.routes["GET /domains/web/snapshots"] = {"domain": "web", "snapshots": found}
    assert xm("snapshot", "list", "web") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("1970")[0].partition("1969")[0].rstrip() for line in lines[1:]] == [
        "a",
        "├─ b",
        "│  └─ c",
        "└─ d",
        "e",
    ]
    assert lines[4].endswith("<- now")


def test_that_there_are_none_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web/snapshots"] = {"domain": "web", "snapshots": []}
    assert xm("snapshot", "ls", "web") == 0
    assert capsys.readouterr().out == "domain 'web' has no snapshots\n"


def test_create_sends_what_is_wanted(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "web", "snapshot": snapshot("one", moment="memory")}
    xend.routes["POST /domains/web/snapshots?wait=0.3"] = {"job": job("snapshot create", result=result)}
    assert xm("snapshot", "create", "-m", "-d", "before", "web", "one") == 0
    assert xend.requests[-1][2] == {"name": "one", "memory": True, "description": "before"}
    assert capsys.readouterr().out == "Made snapshot 'one' of domain web: with its memory\n"


def test_revert_says_whether_it_runs(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "web", "snapshot": snapshot("one"), "domid": None, "notes": ["the guest file stays"]}
    route = "POST /domains/web/snapshots/one/revert?wait=0.3"
    xend.routes[route] = {"job": job("snapshot revert", result=result)}
    assert xm("snapshot", "revert", "web", "one") == 0
    said = capsys.readouterr()
    assert said.out == "Domain web is as it was in 'one': it does not run\n"
    assert "the guest file stays" in said.err


@pytest.mark.parametrize("words", [("web",), ("--all", "web", "one"), ("web", "a/b")])
def test_delete_wants_one_or_all(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert xm("snapshot", "delete", *words) == 2
    assert capsys.readouterr().err


def test_delete_tells_what_is_left(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "web", "deleted": ["one", "two"], "left": 1}
    xend.routes["DELETE /domains/web/snapshots?wait=0.3"] = {"job": job("snapshot delete", result=result)}
    assert xm("snapshot", "delete", "--all", "web") == 0
    said = capsys.readouterr()
    assert said.out == "Deleted of domain web: 'one', 'two'\n"
    assert "1 of its images stay" in said.err


def held(ready: int, problem: str = "") -> dict[str, Any]:
    return {"wanted": 3, "ready": ready, "memory": 100 << 20, "problem": problem}


@pytest.mark.parametrize(
    ("warm", "said"),
    [
        (held(3), "3 of 3 are ready, in 100 MiB of memory"),
        (held(1), "1 of 3 are ready, in 100 MiB of memory (more are on the way)"),
        (held(1, "its QEMU died"), "1 of 3 are ready, in 100 MiB of memory (its QEMU died)"),
        ({"wanted": 0, "ready": 0, "memory": 0, "problem": ""}, "none are held ready"),
    ],
)
def test_warm_says_how_many_there_are(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], warm: dict[str, Any], said: str
) -> None:
    result = {"domain": "web", "snapshot": snapshot("one", warm=warm)}
    xend.routes["POST /domains/web/snapshots/one/warm?wait=0.3"] = {"job": job("snapshot warm", result=result)}
    assert xm("snapshot", "warm", "web", "one", "3") == 0
    assert xend.requests[-1][2] == {"count": 3}
    assert capsys.readouterr().out == f"Clones of 'one' of domain web: {said}\n"


@pytest.mark.parametrize("words", [("web", "one"), ("web", "one", "-1"), ("web", "one", "some"), ("web", "a/b", "1")])
def test_warm_wants_a_number(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert xm("snapshot", "warm", *words) == 2
    assert capsys.readouterr().err


def test_what_is_held_ready_is_listed_and_shown(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    found = snapshot("one", warm=held(2), description="before")
    xend.routes["GET /domains/web/snapshots"] = {"domain": "web", "snapshots": [found]}
    xend.routes["GET /domains/web/snapshots/one"] = {"snapshot": found, "layers": [], "text": ""}
    assert xm("snapshot", "list", "web") == 0
    assert capsys.readouterr().out.endswith("before; 2/3 clones ready\n")
    assert xm("snapshot", "show", "web", "one") == 0
    assert "warm clones  2 of 3 are ready" in capsys.readouterr().out
