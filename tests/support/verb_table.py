"""A page of docs/reference: each verb of xm, each kind of guest, what is true. Each kind's walk checks its column."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

KINDS = ("pv", "pvh", "hvm")


@dataclass(frozen=True)
class VerbTable:
    """`heading` and `legend` stand before and behind it on its page."""

    page: Path
    heading: str
    legend: str

    def check(self, kind: str, found: dict[str, str]) -> None:
        """That the column of this kind tells what was found; with XENIA_WRITE_DOCS=1 it is written before."""
        if os.environ.get("XENIA_WRITE_DOCS"):
            self._write(kind, found)
        told = {verb: row[kind] for verb, row in _read(self.page.read_text()).items() if row[kind]}
        assert found == told, f"{self.page.name} says otherwise of {kind} (XENIA_WRITE_DOCS=1 writes it)"

    def _write(self, kind: str, found: dict[str, str]) -> None:
        """Two kinds may be written at once: what is read stays as it is until it is written."""
        with open(self.page, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            table = _read(file.read())
            for verb in found:
                table.setdefault(verb, dict.fromkeys(KINDS, ""))
            for verb, row in table.items():
                row[kind] = found.get(verb, "")
            file.truncate(0)
            file.write(self._text({verb: row for verb, row in table.items() if any(row.values())}))

    def _text(self, table: dict[str, dict[str, str]]) -> str:
        rows = [["xm", *(kind.upper() for kind in KINDS)], ["---"] * (1 + len(KINDS))]
        rows += [[f"`{verb}`", *(row[kind] for kind in KINDS)] for verb, row in table.items()]
        return self.heading + "".join(f"| {' | '.join(row)} |\n" for row in rows) + self.legend


def _read(text: str) -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    return {verb.strip("`"): dict(zip(KINDS, words, strict=True)) for verb, *words in lines}
