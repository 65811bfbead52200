from __future__ import annotations

from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["sysrq", "web", "h"], "sysrq", {"key": "h"}),
        (["trigger", "web", "nmi"], "trigger", {"trigger": "nmi", "vcpu": None}),
        (["trigger", "web", "nmi", "1"], "trigger", {"trigger": "nmi", "vcpu": 1}),
        (["button-press", "web", "power"], "trigger", {"trigger": "power", "vcpu": None}),
        (["reset", "web"], "reset", {"until_gone": False}),
    ],
)
def test_a_guest_is_poked_in_silence(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], path: str, body: dict[str, Any]
) -> None:
    xend.routes[f"POST /domains/web/{path}?wait=30"] = {"job": job(path, result={"domain": "web", "notes": []})}
    assert xm(*words) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == body


def test_a_note_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/web/trigger?wait=30"] = {"job": job("trigger", result={"notes": ["to all of them"]})}
    assert xm("trigger", "web", "nmi", "0") == 0
    assert capsys.readouterr() == ("", "xm: to all of them\n")


@pytest.mark.parametrize(
    "words",
    [
        ("trigger", "web", "explode"),
        ("trigger", "web", "nmi", "x"),
        ("trigger", "web", "nmi", "-1"),
        ("trigger", "web"),
        ("button-press", "web", "reset"),
        ("sysrq", "web"),
        ("reset",),
        ("qemu-monitor-command", "web"),
        ("debug-keys",),
        ("dmesg", "x"),
    ],
)
def test_wrong_words_are_told_without_asking_xend(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm(*words) == 2
    assert xend.requests == []


def test_what_the_monitor_says_is_printed_and_acts_on_no_terminal(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /domains/web/qemu-monitor-command"] = {"text": "VM status: running\na\tb\x1b[2J\n"}
    assert xm("qemu-monitor-command", "web", "info", "status") == 0
    assert capsys.readouterr().out == "VM status: running\na       b\\x1b[2J\n"
    assert xend.requests[0][2] == {"command": "info status"}


def test_the_hypervisors_messages_are_printed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /host/dmesg?clear=false"] = xend.routes["POST /host/dmesg?clear=true"] = {"text": "(XEN) hi\n"}
    xend.routes["POST /host/debug-keys"] = {"text": ""}
    assert xm("dmesg") == xm("dmesg", "-c") == 0
    assert capsys.readouterr().out == "(XEN) hi\n(XEN) hi\n"
    assert xm("debug-keys", "hq") == 0
    assert xend.requests[-1] == ("POST", "/host/debug-keys", {"keys": "hq"})


def test_a_refusal_is_told_with_its_hint(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /host/dmesg"] = problem("dmesg is not possible", "invalid", 422, 1, hint="dmesg shows those")
    assert xm("dmesg") == 1
    assert capsys.readouterr().err == "xm: dmesg is not possible\n  hint: dmesg shows those\n"


def test_the_log_is_shown_and_followed(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    xend.routes["GET /log?lines=1000"] = {"text": "one\n", "position": "7:4"}
    xend.routes["GET /log?lines=5"] = {"text": "", "position": "7:4"}
    xend.routes["GET /log?after=7%3A4"] = {"text": "two\x1b\n", "position": "7:8"}
    xend.routes["GET /log?after=7%3A8"] = problem("xend stops", "unavailable", 503, 1)
    assert xm("log") == 0
    assert capsys.readouterr().out == "one\n"
    assert xm("log", "-n", "5") == 0
    monkeypatch.setattr("xenia.cli.log._PAUSE", 0)
    assert xm("log", "-f") == 1
    assert capsys.readouterr().out == "one\ntwo\\x1b\n"
    assert xm("log", "-n", "x") == 2
