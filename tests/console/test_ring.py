"""What is replayed of a console's latest output."""

import pytest

from xenia.console.ring import RING, Ring


def ring(data: bytes) -> Ring:
    kept = Ring()
    kept.add(data)
    return kept


def test_only_the_latest_output_is_kept() -> None:
    kept = ring(b"")
    for number in range(2000):
        kept.add(b"%099d\n" % number)
    assert len(kept) == RING
    assert kept.tail(100) == b"%099d\n" % 1999


def test_a_part_begins_at_the_start_of_a_line() -> None:
    assert ring(b"first line\nsecond line\nthird").tail(15) == b"third"
    assert ring(b"first line\nsecond line\nthird").tail(1000) == b"first line\nsecond line\nthird"


def test_a_part_without_a_line_end_is_shown_as_it_is() -> None:
    assert ring(b"x" * 100).tail(10) == b"x" * 10


def test_the_end_of_a_long_line_is_better_than_nothing() -> None:
    assert ring(b"x" * 100 + b"\n").tail(10) == b"x" * 9 + b"\n"


def test_nothing_asked_nothing_shown() -> None:
    assert ring(b"abc\n").tail(0) == b""


@pytest.mark.parametrize(
    "question",
    [b"\x1b[6n", b"\x1b[5n", b"\x1b[c", b"\x1b[>0c", b"\x1b[18t", b"\x1b[?2026$p", b"\x1b]11;?\x07", b"\x1bZ", b"\x05"],
)
def test_questions_to_the_terminal_are_not_asked_again(question: bytes) -> None:
    assert ring(b"\x1b[1mroot#" + question + b" ").tail(RING) == b"\x1b[1mroot# "
