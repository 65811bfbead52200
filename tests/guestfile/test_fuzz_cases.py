"""What the fuzzer has kept: inputs that reach every corner, and those that once found something."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.guestfile import one

KEPT = Path(__file__).parents[1] / "data" / "fuzz" / "guestfile"


def test_what_the_fuzzer_kept_still_gives_a_reading() -> None:
    paths = sorted(KEPT.iterdir())
    assert paths
    for path in paths:
        try:
            one(path.read_bytes())
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error
