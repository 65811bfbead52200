"""Raw values, compared file by file with what Python and xl themselves get out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.guestfile.corpus import load, needs_corpus, text_of, truths

from xenia.guestfile.read import read
from xenia.model.complaint import Severity

pytestmark = needs_corpus


@pytest.mark.parametrize(("path", "truth"), truths("values"))
def test_the_values_are_those_that_python_gets(path: Path, truth: Path) -> None:
    text, expected = text_of(path), load(truth)
    overrides = ("vmid=1",) if "xm_vars" in text else ()
    reading = read(text, file=str(path), overrides=overrides)
    if not expected["ok"]:
        assert reading.config is None
        assert any(each.severity is Severity.ERROR and each.line and each.text for each in reading.complaints)
        return
    assert reading.values == expected["values"]


@pytest.mark.parametrize(("path", "truth"), truths("xl-values"))
def test_the_values_are_those_that_xl_gets(path: Path, truth: Path) -> None:
    expected = load(truth)
    if not expected["ok"]:
        pytest.skip("xl itself refuses this file")
    values = read(text_of(path), file=str(path)).values
    for name, value in expected["values"].items():
        if isinstance(value, list) and None in value:
            continue  # lists in lists, which the tool that recorded xl's values could not show
        assert _as_xl(values.pop(name)) == value
    assert not [name for name in values if name not in expected["values"]]


def _as_xl(value: Any) -> Any:
    """xl keeps the letters of numbers."""
    return [_as_xl(item) for item in value] if isinstance(value, list) else str(value)
