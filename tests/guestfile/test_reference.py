"""What is made from the table of keys says what the table says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xenia.guestfile import reference
from xenia.guestfile.keys import KEYS

CHECKOUT = Path(__file__).parents[2]
STALE = "the table of keys has changed: scripts/write-reference, then commit what it wrote"


def test_the_page_of_the_reference_is_up_to_date() -> None:
    assert (CHECKOUT / "docs/reference/guest-file.md").read_text() == reference.page(), STALE


def test_the_data_of_xm_is_up_to_date() -> None:
    assert (CHECKOUT / "src/xenia/cli/config/keys.json").read_text() == reference.data(), STALE


def test_the_data_has_every_key_with_all_that_is_said_of_it() -> None:
    rows = [row for rows in json.loads(reference.data()).values() for row in rows]
    assert [row["name"] for row in rows] == list(KEYS)
    memory = next(row for row in rows if row["name"] == "memory")
    assert memory == {
        "name": "memory",
        "takes": "number",
        "default": "128",
        "meaning": "Memory in MiB",
        "qemu": "yes",
        "xen": "yes",
        "example": "memory = 512",
        "of": "xm, xl",
    }


@pytest.mark.parametrize("name", KEYS)
def test_each_key_has_a_row_of_eight_cells(name: str) -> None:
    (row,) = [line for line in reference.page().splitlines() if line.startswith(f"| `{name}` |")]
    assert row.replace("\\|", "").count(" | ") == 7
