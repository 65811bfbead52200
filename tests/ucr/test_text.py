"""One file of the registry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.ucr.text import Entry, is_whole, parse


def test_lines_are_keys_and_values_below_a_heading() -> None:
    read = parse("# univention_ base.conf\n\nxen/bridge/interface: eth1\nxen/vnc/password: a: b # c\n")
    assert read.entries == {"xen/bridge/interface": Entry("eth1", 3), "xen/vnc/password": Entry("a: b # c", 4)}
    assert read.skipped == ()


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a: 1\na: 2\n", {"a": Entry("2", 2)}),
        ("a:   two words  \r\n", {"a": Entry("two words", 1)}),
        ("a: \n", {"a": Entry("", 1)}),
        ("a#b: 1\n", {}),
        ("  # a: 1\n", {}),
        ("a b: 1\n", {"a b": Entry("1", 1)}),
        (": 1\n", {"": Entry("1", 1)}),
        ("a: \ufffd\0\n", {"a": Entry("\ufffd\0", 1)}),
    ],
)
def test_odd_lines_are_read_as_the_registry_reads_them(text: str, entries: dict[str, Entry]) -> None:
    assert parse(text).entries == entries


@pytest.mark.parametrize("line", ["a:", "a:1", "a = 1", "a", "[table]", "\x7fELF\x02"])
def test_what_is_no_key_and_value_is_skipped_and_counted(line: str) -> None:
    read = parse(f"# heading\n{line}\nb: 1\n")
    assert read.entries == {"b": Entry("1", 3)}
    assert read.skipped == (2,)


def test_a_file_of_fewer_than_two_lines_was_cut_off() -> None:
    assert [is_whole(text) for text in ("", "# heading\n", "# heading\n\n", "a: 1\nb: 2")] == [False, False, True, True]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read = parse(text)
    lines = text.split("\n")
    for key, entry in read.entries.items():
        assert lines[entry.line - 1].startswith(f"{key}: ")
        assert entry.value == entry.value.strip()
