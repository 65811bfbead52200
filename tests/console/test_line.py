"""Where the log of a console ends and what its connection brings begins."""

import pytest

from xenia.console.line import place_of


@pytest.mark.parametrize(
    ("log", "data", "unsent"),
    [
        (b"late\nheard\n", b"heard\n", b"late\n"),
        (b"late\nhea", b"heard\n", b"late\n"),
        (b"late\n", b"heard\n", b"late\n"),
        (b"late\nheard and a long line\nmore", b"heard and a long line\n", b"late\n"),
        (b"count 7\ncount 8\n", b"c", b"count 7\ncount 8\n"),
        (b"count 7\nc", b"c", b"count 7\n"),
        (b"", b"heard\n", b""),
    ],
)
def test_what_is_logged_before_the_connection_is_told_from_what_comes_by_it(
    log: bytes, data: bytes, unsent: bytes
) -> None:
    assert log[: place_of(data, log)] == unsent
