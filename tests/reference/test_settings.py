"""The page of settings, and that it is as the tables are."""

from pathlib import Path

from xenia.reference.settings import page
from xenia.settings.settings import SETTINGS

CHECKOUT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    assert (CHECKOUT / "docs/reference/settings.md").read_text() == page(), "run scripts/write-reference"


def test_the_page_has_every_setting_with_its_variable() -> None:
    rows = [line.split(" | ") for line in page().splitlines() if line.startswith("| `")]
    there = {row[0].strip("| `"): row for row in rows}
    for name, setting in SETTINGS.items():
        assert f"`{setting.variable}`" in there[name][-1] or not setting.variable
        assert len(there[name]) == 6
