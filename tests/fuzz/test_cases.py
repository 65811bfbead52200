"""What the fuzzers have kept: inputs that reach every corner, and those that once found something."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from tests.fuzz import GUIDED_BY

KEPT = Path(__file__).parents[1] / "data" / "fuzz"


@pytest.mark.parametrize("name", sorted(GUIDED_BY))
def test_what_a_fuzzer_kept_holds_still(name: str) -> None:
    one = import_module(f"tests.fuzz.{name}").one
    paths = sorted((KEPT / name).iterdir())
    assert paths
    for path in paths:
        try:
            one(path.read_bytes())
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error
