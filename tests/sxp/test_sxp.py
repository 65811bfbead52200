"""xend-config.sxp, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.lib.codec import from_plain
from xenia.model.complaint import Severity
from xenia.model.old_config import OldConfig, OldEntry
from xenia.sxp.in_worker import read_old_config
from xenia.sxp.read import LIMIT, read


def entries(text: str) -> dict[str, tuple[str, ...]]:
    config = read(text, "f")
    assert not [each for each in config.complaints if each.severity is Severity.ERROR]
    return {entry.name: entry.values for entry in config.entries}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# (a 1)\n\n", {}),
        ("(a 1)", {"a": ("1",)}),
        ("(a)(b )", {"a": (), "b": ()}),
        ("(a '1 2' \"it's\")", {"a": ("1 2", "it's")}),
        ("(a ''  # none\n)", {"a": ("",)}),
        ("(a ((9363 pam '^localhost$') (unix none)))", {"a": ("((9363 pam ^localhost$) (unix none))",)}),
        (r"(a '\\.x\'\t\x41\101\q')", {"a": ("\\.x'\tAA\\q",)}),
        (r"(a '^.*\.org$')", {"a": (r"^.*\.org$",)}),
        ("(a b#c\n d)", {"a": ("b", "d")}),
        ("(a it's)", {"a": ("it's",)}),
        ("('a' {x})", {"a": ("{", "x", "}")}),
        ("(a größe)\r\n", {"a": ("größe",)}),
    ],
)
def test_what_a_text_says(text: str, values: dict[str, tuple[str, ...]]) -> None:
    assert entries(text) == values


def test_each_entry_has_its_place() -> None:
    config = read("# c\n  (a\n 1) (b 2)\n", "f")
    assert config == OldConfig((OldEntry("a", ("1",), 2, 3), OldEntry("b", ("2",), 3, 5)))


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("\n(a (b c)\n", "f:2:1", "this bracket is never closed"),
        ("(a 1))", "f:1:6", "this bracket closes nothing"),
        ("(a 'b\n)\n", "f:1:4", "this quote is never closed"),
        ("(a \x00)", "f:1:4", "no text file has"),
        ("\x7fELF", "f:1:1", "no text file has"),
        ("(" * 100, "f:1:65", "nested more than 64 times"),
        ("a" * (LIMIT + 1), "f", "longer than 128 KiB"),
    ],
)
def test_what_cannot_be_read_has_its_place(text: str, place: str, message: str) -> None:
    config = read(text, "f")
    (complaint,) = config.complaints
    assert (complaint.place, complaint.severity, config.entries) == (place, Severity.ERROR, ())
    assert message in complaint.message


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("(a 1)\n(a 2)", "f:2:1", "only the first one counted, of line 1"),
        ("(a 1 2)", "f:1:1", "only the first value of a counted"),
        ("a 1", "f:1:1", "this is no setting"),
        ("()", "f:1:1", "this is no setting"),
        ("((a) 1)", "f:1:1", "this is no setting"),
        ("('' 1)", "f:1:1", "this is no setting"),
    ],
)
def test_what_had_no_effect_is_a_warning(text: str, place: str, message: str) -> None:
    complaint = read(text, "f").complaints[0]
    assert (complaint.place, complaint.severity) == (place, Severity.WARNING)
    assert message in complaint.message


def test_a_line_with_a_password_is_not_quoted() -> None:
    (complaint,) = read("(vncpasswd 'secret')\n(vncpasswd 'other'", "f").complaints
    assert (complaint.line, complaint.text) == (2, "")


@given(st.one_of(st.text(max_size=200), st.text(alphabet="()'\"\\#a \n", max_size=60)))
def test_any_text_is_read_or_complained_about(text: str) -> None:
    plain = read_old_config({"text": text, "file": "f"}, [])
    config = from_plain(OldConfig, plain)
    for each in (*config.entries, *config.complaints):
        assert 1 <= each.line <= text.count("\n") + 1
        assert each.column >= 1
