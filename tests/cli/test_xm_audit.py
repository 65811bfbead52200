"""xm audit."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend

from xenia.cli.audit import in_words

DEED = {
    "time": 1795826350.0,
    "user": "ol\x1bga",
    "role": "operator",
    "address": "192.0.2.9",
    "token": "52a48826",
    "method": "POST",
    "path": "/v1/domains/web/pause",
    "status": 200,
}
STRANGER = {**DEED, "user": "eve", "role": "", "address": "", "path": "/v1/login", "status": 401}


def test_who_did_what_is_a_table(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /audit?last=50"] = {"deeds": [DEED, STRANGER]}
    assert xm("audit") == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["When", "User", "Role", "From", "What", "Status"]
    assert first.split()[2:] == ["ol\\x1bga", "operator", "192.0.2.9", "pause", "web", "200"]
    assert second.split()[2:] == ["eve", "-", "this", "host", "login", "401"]


def test_of_one_user_as_json(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /audit?last=3&user=a%26b"] = {"deeds": [DEED]}
    assert xm("audit", "-n", "3", "--user", "a&b", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [DEED]


def test_of_one_domain(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /audit?last=50&user=a&domain=w%20b"] = {"deeds": [DEED]}
    assert xm("audit", "-d", "w b", "-u", "a", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [DEED]


def test_nothing_is_said_in_words(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /audit?last=50"] = {"deeds": []}
    assert xm("audit") == 0
    assert capsys.readouterr().out == "Nothing is written there.\n"


@pytest.mark.parametrize("last", ["x", "-1", "10001", "1e3", ""])
def test_a_number_is_a_number(xend: FakeXend, xm: Xm, last: str) -> None:
    assert xm("audit", f"--last={last}") == 2
    assert xend.requests == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("POST /v1/domains", "create"),
        ("WEBSOCKET /v1/domains/web/console", "console web"),
        ("POST /v1/domains/web/snapshots", "snapshot create web"),
        ("POST /v1/domains/web/snapshots/s1/revert", "snapshot revert web s1"),
        ("DELETE /v1/domains/web/snapshots/s1", "snapshot delete web s1"),
        ("POST /v1/images/clone", "disk clone"),
        ("DELETE /v1/tokens/12", "token revoke 12"),
        ("PUT /v1/guest-files/web.cfg", "PUT /v1/guest-files/web.cfg"),
        ("POST /nowhere", "POST /nowhere"),
    ],
)
def test_what_was_asked_is_put_into_words(asked: str, words: str) -> None:
    assert in_words(*asked.split()) == words
