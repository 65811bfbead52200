"""xend's log, read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.store import log
from xenia.store.log import XendLog


def test_its_end_is_told_and_then_what_has_come(tmp_path: Path) -> None:
    path = tmp_path / "xend.log"
    path.write_text("one\ntwo\nthree\nhal")
    xend = XendLog(path)
    assert xend.tail(2).text == "two\nthree\n"
    assert xend.tail(0).text == ""
    piece = xend.tail(9)
    assert piece.text == "one\ntwo\nthree\n"
    assert xend.after(piece.position).text == ""
    with path.open("a") as file:
        file.write("f\nfour\n")
    piece = xend.after(piece.position)
    assert piece.text == "half\nfour\n"
    assert xend.after(piece.position) == xend.after(xend.after(piece.position).position)


def test_a_log_that_is_turned_over_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "xend.log"
    path.write_text("one\n")
    xend = XendLog(path)
    piece = xend.tail(9)
    with path.open("a") as file:
        file.write("two\n")
    path.rename(tmp_path / "xend.log.1")
    path.write_text("three\n")
    piece = xend.after(piece.position)
    assert piece.text == "two\nthree\n"
    path.rename(tmp_path / "xend.log.1")
    path.write_text("four\n")
    (tmp_path / "xend.log.1").unlink()
    assert xend.after(piece.position).text == "four\n"


def test_an_answer_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LIMIT", 8)
    path = tmp_path / "xend.log"
    path.write_text("one\ntwo\nthree\nfour\n")
    assert XendLog(path).tail(9).text == "ee\nfour\n"
    number = path.stat().st_ino
    assert XendLog(path).after(f"{number}:0").text == "one\ntwo\n"


@pytest.mark.parametrize("position", ["", "x", "1", "1:-1", "1:2:3", f"{'9' * 30}:1"])
def test_what_is_no_position_is_refused(tmp_path: Path, position: str) -> None:
    with pytest.raises(XeniaError) as raised:
        XendLog(tmp_path / "xend.log").after(position)
    assert raised.value.kind is ErrorKind.INVALID


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(XeniaError, match=r"xend\.log: No such file") as raised:
        XendLog(tmp_path / "xend.log").tail(1)
    assert raised.value.kind is ErrorKind.UNAVAILABLE
