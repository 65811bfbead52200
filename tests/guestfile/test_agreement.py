"""The collection of guest files means what others say it means; the page of the documentation says how much of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.agreement.folder import Folder
from tests.agreement.table import COMPARISONS, compare, compare_all, lines, markdown
from tests.guestfile.corpus import CORPUS, needs_corpus
from tests.support.libxlutil import needs_library

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "guest-file-agreement.md"


@needs_corpus
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_nothing_is_wrong(comparison: str) -> None:
    row = compare(Folder(CORPUS), comparison)
    assert not row.wrong, "\n".join(lines([row]))


@needs_corpus
@needs_library
def test_the_page_is_up_to_date() -> None:
    """XENIA_WRITE_DOCS=1 writes it."""
    text = "\n".join(markdown(compare_all(Folder(CORPUS)))) + "\n"
    if os.environ.get("XENIA_WRITE_DOCS"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text


def test_a_folder_with_little_in_it_is_compared_and_what_is_wrong_is_shown(tmp_path: Path) -> None:
    """Only values/ of one file, which are not those that stand in it."""
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "guest").write_text("memory = 512\nname = 'x'\n")
    (tmp_path / "values" / "some").mkdir(parents=True)
    (tmp_path / "values/some/guest.json").write_text('{"ok": true, "values": {"memory": 256, "name": "x"}}')
    rows = compare_all(Folder(tmp_path))
    assert rows[0].figures == (1, 2, 1, 0, 1)
    assert {row.figures for row in rows[1:] if "now" not in row.comparison} == {(0, 0, 0, 0, 0)}
    assert "    ours   512" in list(lines(rows))
