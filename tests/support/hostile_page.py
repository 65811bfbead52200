"""The page of what hostile guests tried: each test makes a section of it from what it finds, and checks it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reference/hostile-guest.md"
_SECTION = "\n## "
BRIDGE, ROUTES, VLANS = _TITLES = ("On a bridge", "On a routed card", "In VLANs")
_HEADING = """\
# What a hostile guest tried, and what happened

This page is made by tests from what they find, and checked by them. Do not write in it: each makes its section anew by
`XENIA_WRITE_DOCS=1 python -m pytest tests/live/test_hostile_guest.py tests/live/test_hostile_on_routes.py
tests/live/test_hostile_in_vlans.py`. Columns are levels of `filter=` ([The cards of guests](../guide/cards.md)).
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))


def agrees(title: str, text: str) -> None:
    """The page has `text` as the section `title`; with XENIA_WRITE_DOCS=1 it gets it."""
    _, *sections = PAGE.read_text().split(_SECTION)
    found = dict(section.split("\n", 1) for section in sections)
    if os.environ.get("XENIA_WRITE_DOCS"):
        found[title] = f"\n{text}"
        PAGE.write_text(_HEADING + "".join(f"{_SECTION}{name}\n{found[name]}" for name in _TITLES if name in found))
    assert found.get(title) == f"\n{text}", f"{PAGE.name} says otherwise (XENIA_WRITE_DOCS=1 writes it)"
    assert PAGE.read_text().startswith(_HEADING)
