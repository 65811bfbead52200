"""xm config show, diff, set, unset, add, remove, history and revert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import Answer, FakeXend, problem

DIFFERENCES = [
    {"key": "memory", "wanted": "512", "running": "256", "when": "at next start"},
    {"key": "disk", "wanted": "", "running": "vdev=xvda", "when": "at next start"},
    {"key": "disk", "wanted": "vdev=xvdb", "running": "", "when": "at next start"},
    {"key": "on_crash", "wanted": "preserve", "running": "restart", "when": "now"},
]


def saved(**others: Any) -> dict[str, Any]:
    answer = {
        "file": "/etc/xen/web.cfg", "etag": "e", "changed": True, "version": 3, "domain": "web", "notes": [],
        "complaints": [], "pending": [],
    }  # fmt: skip
    return answer | others


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (
            ("set", "web", "memory=512", "extra=a=b"),
            [
                {"action": "set", "key": "memory", "value": "512"},
                {"action": "set", "key": "extra", "value": "a=b"},
            ],
        ),
        (("unset", "web", "maxmem"), [{"action": "unset", "key": "maxmem"}]),
        (
            ("add", "web", "disk", "phy:a,xvda,w", "phy:b,xvdb,w"),
            [
                {"action": "add", "key": "disk", "value": "phy:a,xvda,w"},
                {"action": "add", "key": "disk", "value": "phy:b,xvdb,w"},
            ],
        ),
        (("remove", "web", "vif", "0"), [{"action": "remove", "key": "vif", "value": "0"}]),
        (("rm", "web", "vif", "0"), [{"action": "remove", "key": "vif", "value": "0"}]),
    ],
)
def test_a_change_is_sent_as_it_was_said(xend: FakeXend, xm: Xm, words: tuple[str, ...], changes: Any) -> None:
    xend.routes["PATCH /guest-files/web"] = saved()
    assert xm("config", *words) == 0
    assert xend.requests[-1] == ("PATCH", "/guest-files/web", {"changes": changes})


def test_what_came_of_a_change_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["PATCH /guest-files/web"] = saved(notes=["memory is computed (line 3)"], pending=DIFFERENCES)
    assert xm("config", "set", "web", "memory=512") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "/etc/xen/web.cfg is changed (version 3).",
        "Domain web runs, and differs from it now:",
        "  memory    256 -> 512           at next start",
        "  disk      - vdev=xvda          at next start",
        "  disk      + vdev=xvdb          at next start",
        "  on_crash  restart -> preserve  now, by xm apply",
    ]
    assert err == "xm: memory is computed (line 3)\n"
    xend.routes["PATCH /guest-files/web"] = saved(changed=False)
    assert xm("config", "set", "web", "memory=512") == 0
    assert capsys.readouterr().out == "/etc/xen/web.cfg is as it was.\n"
    assert xm("config", "set", "web", "memory=512", "-q") == 0
    assert capsys.readouterr().out == ""
    assert xm("config", "set", "web", "memory=512", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == saved(changed=False)


def test_a_file_is_named_by_its_path_too(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /guest-files/web.cfg"] = {"file": "f", "etag": "e", "text": "name = 'web'", "domain": "web"}
    assert xm("config", "show", f"{root}/etc/xen/web.cfg") == 0
    assert xm("config", "show", "./etc/xen/web.cfg") == 0
    assert capsys.readouterr().out == "name = 'web'\n" * 2
    assert xm("config", "show", "/root/web.cfg") == 3
    assert capsys.readouterr().err == (
        f"xm: /root/web.cfg does not lie in {root}/etc/xen, and xend keeps only what does\n"
        "  hint: edit /root/web.cfg itself\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("set", "web"),
        ("set", "web", "memory"),
        ("set", "", "memory=1"),
        ("add", "web", "disk"),
        ("revert", "web", "first"),
        ("show", "web", "--running", "--version", "1"),
        ("show", "web", "--version", "x"),
    ],
)
def test_a_wrong_command_line_is_a_wrong_usage(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("config", *words) == 2
    assert xend.requests == []


def test_a_domain_is_shown_as_it_runs_and_a_file_as_it_was(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /domains/web/guest-file"] = {"domain": "web", "domid": 3, "text": "memory = 1\n"}
    xend.routes["GET /guest-files/web/versions/2"] = {"text": "memory = 2\n"}
    assert xm("config", "show", "web", "--running") == 0
    assert xm("config", "show", "web", "--version", "2") == 0
    assert capsys.readouterr().out == "memory = 1\nmemory = 2\n"
    assert xm("config", "show", "web", "--running", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["domid"] == 3


def test_differences_are_told_with_when_and_by_exit_code(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"domain": "web", "domid": 3, "differences": DIFFERENCES}
    xend.routes["GET /domains/web/differences"] = answer
    assert xm("config", "diff", "web") == 0
    assert capsys.readouterr().out.splitlines()[0] == "memory    256 -> 512           at next start"
    assert xm("config", "diff", "web", "--exit-code") == 2
    xend.routes["GET /domains/web/differences"] = answer | {"differences": []}
    capsys.readouterr()
    assert xm("config", "diff", "web", "--exit-code") == 0
    assert capsys.readouterr() == ("", "xm: 'web' (id 3) runs as its guest file wants it\n")


def test_versions_are_listed_newest_first_and_brought_back(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [
        {"number": 1, "at": 0.0, "who": "", "what": "first seen", "etag": "a", "size": 12},
        {"number": 2, "at": 3600.0, "who": "ro\x1bot", "what": "removed", "etag": "", "size": 0},
    ]
    monkeypatch.setattr("time.localtime", __import__("time").gmtime)
    xend.routes["GET /guest-files/web/versions"] = {"file": "/etc/xen/web.cfg", "versions": versions}
    assert xm("config", "history", "web") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Version  Time                 Who       Bytes  What",
        "2        1970-01-01 01:00:00  ro\\x1bot  -      removed",
        "1        1970-01-01 00:00:00  -         12     first seen",
    ]
    xend.routes["POST /guest-files/web/revert"] = saved()
    assert xm("config", "revert", "web") == 0
    assert xm("config", "revert", "web", "1") == 0
    assert [body for method, _, body in xend.requests if method == "POST"] == [{"version": None}, {"version": 1}]


def test_a_refusal_has_its_place_and_exit_code(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    complaint = {
        "severity": "error", "message": "memory takes a number", "file": "/etc/xen/web.cfg", "line": 2, "column": 10,
        "text": "memory = 'x'", "hint": None, "key": "",
    }  # fmt: skip
    xend.routes["PATCH /guest-files/web"] = problem(
        "the file is left as it was: memory takes a number", "invalid", 422, 1, complaints=[complaint]
    )
    assert xm("config", "set", "web", "memory=x") == 1
    assert capsys.readouterr().err == (
        "/etc/xen/web.cfg:2:10: error: memory takes a number\n    2 | memory = 'x'\n      |          ^\n"
        "xm: the file is left as it was: memory takes a number\n"
    )
    xend.routes["PATCH /guest-files/web"] = problem("/etc/xen/web.cfg was changed", "conflict", 409, 5)
    assert xm("config", "set", "web", "memory=1") == 5
    xend.routes["PATCH /guest-files/web"] = Answer(raw=b"")
    assert xm("config", "set", "web", "memory=1") == 7
