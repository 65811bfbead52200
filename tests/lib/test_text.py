"""What is no visible character is shown as an escape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.lib.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name-1.0", "plain name-1.0"),
        ("Gäste, 客", "Gäste, 客"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("bytes \udcff", "bytes \\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("", ""),
    ],
)
def test_invisible_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_whatever_comes_the_result_can_be_printed(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text
