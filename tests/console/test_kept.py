"""What is kept of what guests have said."""

from pathlib import Path

import pytest

from xenia.console import kept
from xenia.console.kept import KINDS, KeptLogs
from xenia.lib.logs import older
from xenia.model.errors import ErrorKind, XeniaError


@pytest.fixture
def logs(tmp_path: Path) -> KeptLogs:
    return KeptLogs(lambda name, kind: None if name == "unlogged" else tmp_path / f"{name}-{kind}.log")


def said(folder: Path, kind: str, content: bytes, before: bytes | None = None) -> None:
    path = folder / f"web-{kind}.log"
    path.write_bytes(content)
    if before is not None:
        older(path).write_bytes(before)


@pytest.mark.parametrize(
    ("tail", "lines"),
    [
        (None, "one\r\ntwo\r\nlogin: "),
        (9, "one\r\ntwo\r\nlogin: "),
        (3, "one\r\ntwo\r\nlogin: "),
        (2, "two\r\nlogin: "),
        (1, "login: "),
        (0, ""),
    ],
)
def test_the_last_lines(logs: KeptLogs, tmp_path: Path, tail: int | None, lines: str) -> None:
    said(tmp_path, "serial", b"one\r\ntwo\r\nlogin: ")
    assert logs.read("web", KINDS, tail=tail) == lines


def test_a_line_that_has_ended_is_the_last(logs: KeptLogs, tmp_path: Path) -> None:
    said(tmp_path, "serial", b"one\ntwo\n")
    assert logs.read("web", KINDS, tail=1) == "two\n"


def test_it_is_made_harmless(logs: KeptLogs, tmp_path: Path) -> None:
    said(tmp_path, "serial", b"\x1b]52;c;aGk=\x07\x1b[31mred\xff\x1b[6n\x9b\n")
    assert logs.read("web", KINDS) == "\x1b[31mred\ufffd\ufffd\n\x1b[0m"


def test_which_console_it_is(logs: KeptLogs, tmp_path: Path) -> None:
    said(tmp_path, "serial", b"firmware\n")
    said(tmp_path, "pv", b"")
    assert logs.read("web", KINDS) == "firmware\n"
    said(tmp_path, "pv", b"linux\n")
    assert logs.read("web", KINDS) == "linux\n"
    assert logs.read("web", KINDS, "serial") == "firmware\n"
    assert logs.read("web", ["serial"]) == "firmware\n"
    with pytest.raises(XeniaError, match="nothing is kept") as raised:
        logs.read("web", ["serial"], "pv")
    assert raised.value.hint == "there is this one: xm console --log -t serial web"


def test_what_was_cut_from_the_log_comes_first(logs: KeptLogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LIMIT", 12)
    said(tmp_path, "serial", b"four\n", before=b"first\nsecond\nthird\n")
    assert logs.read("web", KINDS) == "third\nfour\n"
    said(tmp_path, "serial", b"four\nfive\nsix\n", before=b"third\n")
    assert logs.read("web", KINDS) == "five\nsix\n"
    said(tmp_path, "serial", b"", before=b"third\n")
    assert logs.read("web", KINDS) == "third\n"


@pytest.mark.parametrize("name", ["web", "unlogged", "x" * 300, "nul\0"])
def test_where_nothing_is_kept_it_is_said_so(logs: KeptLogs, name: str) -> None:
    assert not logs.has(name)
    with pytest.raises(XeniaError, match="nothing is kept") as raised:
        logs.read(name, KINDS)
    assert raised.value.kind is ErrorKind.NOT_FOUND


def test_what_has_said_nothing_has_an_empty_log(logs: KeptLogs, tmp_path: Path) -> None:
    said(tmp_path, "serial", b"")
    assert not logs.has("web")
    assert logs.read("web", KINDS) == ""


def test_what_cannot_be_read_is_told(logs: KeptLogs, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret\n")
    (tmp_path / "web-serial.log").symlink_to(tmp_path / "target")
    with pytest.raises(XeniaError, match="cannot be read") as raised:
        logs.read("web", KINDS)
    assert raised.value.kind is ErrorKind.UNAVAILABLE
