"""A page of docs/reference with what each verb of xm does on each kind of guest, made from what a test finds."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("pv", "pvh", "hvm")


@dataclass
class VerbTable:
    """`heading` and `legend` stand before and behind it on its page."""

    page: Path
    heading: str
    legend: str
    rows: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By verb and kind: what is true."""

    def found(self, verb: str, kind: str, word: str = "yes") -> None:
        self.rows[verb][kind] = word

    def holds(self) -> None:
        """The page tells what was found. Where not all kinds went through the verbs, the columns of those that did.

        XENIA_WRITE_DOCS=1 writes the page anew.
        """
        written = self.page.read_text() if self.page.exists() else ""
        if self.rows and all(set(row) == set(KINDS) for row in self.rows.values()):
            new = self._text()
            if os.environ.get("XENIA_WRITE_DOCS"):
                self.page.write_text(new)
                return
            assert written == new, f"{self.page.name} is to be (XENIA_WRITE_DOCS=1 writes it):\n{new}"
        found = {(verb, kind): word for verb, row in self.rows.items() for kind, word in row.items()}
        told = _told(written)
        assert found == {(verb, kind): told.get(verb, {}).get(kind) for verb, kind in found}

    def _text(self) -> str:
        head = (["xm", *(kind.upper() for kind in KINDS)], ["---"] * (1 + len(KINDS)))
        rows = [*head, *([f"`{verb}`", *(row[kind] for kind in KINDS)] for verb, row in self.rows.items())]
        return self.heading + "".join(map(_line, rows)) + self.legend


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _told(page: str) -> Mapping[str, Mapping[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    return {verb.strip("`"): dict(zip(KINDS, words, strict=True)) for verb, *words in lines}
