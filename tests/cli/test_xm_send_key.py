from __future__ import annotations

from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("ctrl-alt-delete",), {"keys": ["ctrl-alt-delete"], "text": ""}),
        (("down", "ret", "--hold", "100"), {"keys": ["down", "ret"], "text": "", "hold": 100}),
        (("--text", "root pass", "ret"), {"keys": ["ret"], "text": "root pass"}),
        (("--text=-x",), {"keys": [], "text": "-x"}),
        (("-",), {"keys": ["-"], "text": ""}),
    ],
)
def test_keys_are_sent_in_silence(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], body: dict[str, Any]
) -> None:
    xend.routes["POST /domains/web/keys?wait=30"] = {"job": job("send-key", result={"domain": "web"})}
    assert xm("send-key", "web", *words) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == body


@pytest.mark.parametrize(
    "words", [(), ("web",), ("web", "a", "--hold", "x"), ("web", "a", "--hold", "100000"), ("web", "--text", "")]
)
def test_wrong_words_are_told_without_asking_xend(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("send-key", *words) == 2
    assert xend.requests == []


def test_a_refusal_is_told_with_its_hint(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/web/keys"] = problem(
        "there is no key 'dle'", "invalid", 422, 1, hint="did you mean del?"
    )
    assert xm("send-key", "web", "dle") == 1
    assert capsys.readouterr().err == "xm: there is no key 'dle'\n  hint: did you mean del?\n"
