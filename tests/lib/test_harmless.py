"""What a guest says acts on no terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.lib.harmless import HarmlessStream, harmless

COLOUR = re.compile(r"\x1b\[[0-9;:]*m")

SAID = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["\x1b", "[", "]", "P", "52;c;aGk=", "31m", "\x9b", "\x9d", "\x07", "\x1b\\", "\n", "?25h", "\x05", "\x9c"]
        ),
    ),
    max_size=20,
).map("".join)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("login: \r\n\tGäste 客\b", "login: \r\n\tGäste 客\b"),
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m\x1b[0m"),
        ("\x1b[38:2::1:2:3mred", "\x1b[38:2::1:2:3mred\x1b[0m"),
        ("\x1b[>4;2mkeys \x1b[?4mmore", "keys more"),
        ("a\x1b[2J\x1b[10;20Hb\x1b[Kc", "abc"),
        ("a\x1b[6n\x1b[c\x1bZ\x05b", "ab"),
        ("a\x1b]0;title\x07b\x1b]52;c;aGFybQ==\x1b\\c", "abc"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x1bP$q\x1b\\b\x1b_x\x1b\\c\x1b^y\x9cd\x1bXz\x1b\\e", "abcde"),
        ("a\x9b31mb\x9d0;t\x9cc", "abc"),
        ("a\x1b[?1049hb\x1b[?25lc\x1bcd\x1b(0e\x1b#8f", "abcdef"),
        ("\x1b]0;without an end\nnext line", "\nnext line"),
        ("a\x1b]0;t\x18b\x1b[3\x1b[1mc", "ab\x1b[1mc\x1b[0m"),
        ("a\x00\x07\x0b\x0c\x0e\x7fb", "ab"),
        ("a\u202eb\u200bc\u00a0d\u2028e", "abc d e"),
        ("the end\x1b", "the end"),
        ("the end\x1b[3", "the end"),
        ("", ""),
    ],
)
def test_what_is_kept(said: str, shown: str) -> None:
    assert harmless(said) == shown


def test_without_colours_there_is_text_alone() -> None:
    assert harmless("\x1b[1;31mred\x1b[0m", colours=False) == "red"


@given(SAID)
def test_whatever_is_said_text_and_colours_are_left(said: str) -> None:
    shown = harmless(said)
    assert all(char.isprintable() or char in "\n\r\t\b" for char in COLOUR.sub("", shown))
    assert harmless(harmless(said, colours=False), colours=False) == harmless(said, colours=False)


@given(SAID, st.lists(st.integers(0, 200), max_size=10))
def test_in_pieces_it_is_the_same(said: str, cuts: list[int]) -> None:
    data = said.encode()
    stream, shown, start = HarmlessStream(), "", 0
    for cut in sorted(cuts):
        shown += stream.feed(data[start:cut])
        start = max(start, cut)
    shown += stream.feed(data[start:])
    whole = harmless(said)
    assert whole.removesuffix("\x1b[0m").startswith(shown.removesuffix("\x1b[0m"))
    assert shown in (whole, whole.removesuffix("\x1b[0m"))


def test_a_character_may_be_cut_and_what_is_none_is_shown_as_such() -> None:
    stream = HarmlessStream()
    assert stream.feed("客".encode()[:2]) == ""
    assert stream.feed("客".encode()[2:] + b"\xff\x9b31m") == "客\ufffd\ufffd31m"
    assert stream.end() == ""
    assert stream.feed(b"\x1b[1") == ""
    assert stream.feed(b"mbold") == "\x1b[1mbold"
    assert stream.end() == "\x1b[0m"


def test_what_has_no_end_hides_nothing_for_long() -> None:
    stream = HarmlessStream()
    assert stream.feed(b"\x1b]0;" + b"x" * 10_000) == ""
    assert stream.feed(b"seen") == "seen"
