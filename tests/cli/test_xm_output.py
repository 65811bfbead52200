from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xenia.cli.output import table, to_yaml

_text = st.text(st.characters(exclude_categories=["Cs"]))
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _text
_keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_data = st.recursive(_scalars, lambda inner: st.lists(inner) | st.dictionaries(_keys, inner), max_leaves=20)


@given(_data)
def test_yaml_is_read_back_as_it_was(data: object) -> None:
    assert yaml.safe_load(to_yaml(data)) == data


@given(_data)
def test_yaml_is_plain_ascii_without_control_characters(data: object) -> None:
    assert to_yaml(data).replace("\n", "").isascii()
    assert to_yaml(data).replace("\n", "").isprintable()


def test_yaml_is_easy_to_read() -> None:
    data = {"name": "web", "disks": [{"target": "hda", "cdrom": False}, {"target": "hdc"}], "vifs": [], "other": {}}
    assert to_yaml(data) == (
        'name: "web"\ndisks:\n  - target: "hda"\n    cdrom: false\n  - target: "hdc"\nvifs: []\nother: {}'
    )


@pytest.mark.parametrize("word", ["no", "on", "y", "null", "1e3", "2026-11-23", "0x1f", "~", "", "a: b", "- x", "#"])
def test_words_that_yaml_would_take_for_something_else_stay_words(word: str) -> None:
    assert yaml.safe_load(to_yaml({word: word})) == {word: word}


def test_numbers_that_json_cannot_say_are_said() -> None:
    back = yaml.safe_load(to_yaml([math.inf, -math.inf, math.nan, 1e22, 1.5e-9]))
    assert back[:2] == [math.inf, -math.inf]
    assert math.isnan(back[2])
    assert back[3:] == [1e22, 1.5e-9]


def test_half_of_a_character_does_not_break_yaml() -> None:
    assert yaml.safe_load(to_yaml("a\ud800b")) == "a�b"


def test_a_table_aligns_its_columns_and_leaves_no_blanks_at_the_end() -> None:
    assert table([("Name", "ID"), ("a", "12345"), ("bcdef", "")]) == "Name   ID\na      12345\nbcdef"
