"""What the API writes is read as what was meant, and is ASCII."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.api.ascii_json import ascii_json
from xenia.model.domain import State

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text() | st.text(st.characters(categories=["Cs", "Cc", "L"]))
PLAIN = st.recursive(LEAVES | TEXTS, lambda each: st.lists(each) | st.dictionaries(TEXTS, each), max_leaves=20)


@pytest.mark.hypothesis
@given(PLAIN)
def test_anything_is_read_as_what_was_meant(plain: Any) -> None:
    text = ascii_json(plain)
    assert text.isascii()
    assert json.loads(text) == json.loads(json.dumps(plain))


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ({"a": (1, 2.0), "b": State.RUNNING}, '{"a":[1,2.0],"b":"running"}'),
        ("gr\u00fcn \u009b2J \x1b", '"gr\\u00fcn \\u009b2J \\u001b"'),
        ("\udcff", '"\\udcff"'),
    ],
)
def test_it_has_no_blanks_and_names_cannot_act_on_a_terminal(plain: Any, text: str) -> None:
    assert ascii_json(plain) == text
