"""xl's grammar, compared live with the library that xl itself reads with: what it takes, means the same here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from tests.support.libxlutil import LIBRARY, needs_library

from xenia.guestfile import plain
from xenia.guestfile.bindings import WrittenInt
from xenia.guestfile.text import prepare

pytestmark = needs_library

_blank = some.sampled_from(["", " ", "\t", "  "])
_space = some.sampled_from(["", " ", "\n", "\n\n  ", "# a 'comment' = [\n", " #\n\t"])
_name = some.sampled_from(["name", "memory", "disk", "a", "b_2", "x9", "if", "in", "def"])
_letters = some.text(alphabet="abcxyz ,=[];#:/+-%.\t\"'09é\\", max_size=12)
_escapes = some.sampled_from([r"\n", r"\t", r"\\", r"\'", r"\"", r"\a\b\f\v\r"])
_bad_escapes = some.sampled_from([r"\d", r"\x41", r"\1", r"\8", "\\"])


def _quoted(quote: str, parts: list[str]) -> str:
    return (
        quote
        + "".join(part.replace(quote, "").replace("\\", "") if part[:1] != "\\" else part for part in parts)
        + quote
    )


_texts = some.builds(_quoted, some.sampled_from("'\""), some.lists(_letters | _escapes, max_size=3))
_numbers = some.sampled_from(
    ["0", "7", "42", "0x1f", "010", "09", "1a", "12x", "0b1", "99999999999999999999999", "007"]
)
_values = some.recursive(
    _texts | _numbers,
    lambda inner: some.builds(
        lambda items, spaces, end: (
            "[" + ",".join(f"{a}{item}{b}" for item, (a, b) in zip(items, spaces, strict=False)) + end + "]"
        ),
        some.lists(inner, max_size=4),
        some.lists(some.tuples(_space, _space), min_size=4, max_size=4),
        some.sampled_from(["", "\n", " "]),
    ),
    max_leaves=8,
)
_assignment = some.builds(
    "{}{}{}{}{}{}{}".format, _blank, _name, _blank, some.sampled_from(["=", "=", "=", "+="]), _blank, _values, _blank
)
_end = some.sampled_from(["\n", ";", "\n\n", "# what follows\n", ";;\n", "\n   \n"])
files = some.lists(some.tuples(_assignment, _end), max_size=6).map(lambda parts: "".join(a + b for a, b in parts))
odd_files = some.lists(
    some.sampled_from(
        [
            "a",
            "b",
            "=",
            "+=",
            "[",
            "]",
            ",",
            ";",
            "\n",
            " ",
            "1",
            "0x",
            "a1",
            "'x'",
            '"y"',
            "'",
            "#",
            "\\",
            "é",
            "\f",
            "-",
        ]
    )
    | _bad_escapes
    | _texts
    | _values,
    max_size=14,
).map(lambda parts: "".join(parts) + "\n")
"""The last line is ended: what xl's lexer cannot read right before the end of a file, it drops."""


def ours(text: str) -> dict[str, Any] | None:
    try:
        bindings = plain.parse(prepare(text, "x")[0]).bindings
    except plain.NotPlain:
        return None
    return {name: _as_xl(binding.value) for name, binding in bindings.items()}


def _as_xl(value: Any) -> Any:
    """xl keeps the letters of numbers, and of a text what stands before a NUL."""
    if isinstance(value, list):
        return [_as_xl(item) for item in value]
    return value.letters if isinstance(value, WrittenInt) else str(value)


def check(text: str) -> None:
    assert LIBRARY is not None
    if re.search(r"\\[0-9]", text):
        return  # xl 4.17 drops what is written by its number
    theirs = LIBRARY.settings(text.encode())
    if theirs is not None:
        assert ours(text) == theirs


@settings(max_examples=250, deadline=None, derandomize=True)
@given(files)
@example("a=['x',\n'y',\n]\n;;b=1;c='q';\n")
@example("a=1\na+='x'\na+=2\n")
def test_a_file_in_xl_s_grammar_has_xl_s_values(text: str) -> None:
    assert LIBRARY is not None
    check(text)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(odd_files)
def test_whatever_xl_takes_has_xl_s_values(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("name = 007\n", {"name": "007"}),
        ("uuid = 1234abcd\n", {"uuid": "1234abcd"}),
        ("a = [ [ 'x', 1 ], [ ] ]\n", {"a": [["x", "1"], []]}),
        ("a = 'x\\\\y\\''\n", {"a": "x\\y'"}),
        ("if = 1\n", {"if": "1"}),
        ("a += [ 'x' ]\na += [ 'y', ]", {"a": ["x", "y"]}),
    ],
)
def test_what_is_easily_read_otherwise(text: str, values: dict[str, Any]) -> None:
    assert LIBRARY is not None
    assert LIBRARY.settings(text.encode()) == ours(text) == values
