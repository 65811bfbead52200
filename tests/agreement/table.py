"""The table of agreement: what was compared, and how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.agreement import create, items, libvirt, values
from tests.agreement.fact import Fact, Verdict
from tests.agreement.folder import Folder
from tests.agreement.rules import RULES, judge

COMPARISONS: dict[str, Callable[[Folder], Iterator[Fact]]] = {
    values.PYTHON: values.python_values,
    values.XL: values.xl_values,
    values.XL_LIVE: values.xl_live,
    items.DISK: items.disks,
    items.DISK_LIVE: items.disks_live,
    items.VIF: items.vifs,
    items.CPUS: items.cpus,
    libvirt.LIBVIRT: libvirt.libvirt_facts,
    create.CREATE: create.created,
}


@dataclass(slots=True)
class Row:
    """One comparison. `files` are files or items."""

    comparison: str
    files: set[str] = field(default_factory=set)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[Fact] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        verdict, rule = judge(fact)
        self.files.add(fact.file)
        self.verdicts[verdict] += 1
        if rule is not None:
            self.rules[rule.sentence] += 1
        if verdict is Verdict.WRONG:
            self.wrong.append(fact)

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """Files, facts, agreed, explained, wrong."""
        verdicts = self.verdicts
        return (len(self.files), verdicts.total(), *(verdicts[each] for each in Verdict))


def compare(folder: Folder, comparison: str) -> Row:
    row = Row(comparison)
    for fact in COMPARISONS[comparison](folder):
        row.add(fact)
    return row


def compare_all(folder: Folder) -> list[Row]:
    return [compare(folder, comparison) for comparison in COMPARISONS]


HEAD = ("comparison", "files", "facts", "agreed", "explained", "wrong")


def lines(rows: list[Row]) -> Iterator[str]:
    """The table for a terminal, then each wrong fact with both values."""
    cells = [HEAD, *((row.comparison, *map(str, row.figures)) for row in rows)]
    width = max(len(line[0]) for line in cells)
    for line in cells:
        yield f"{line[0]:{width}} " + " ".join(f"{cell:>9}" for cell in line[1:])
    for sentence, count in _rules(rows):
        yield f"{count:6} explained: {sentence}"
    for row in rows:
        for fact in row.wrong:
            yield f"wrong: {fact.comparison}: {fact.file}: {fact.name}"
            yield f"    ours   {fact.ours!r}"
            yield f"    theirs {fact.theirs!r}"


def markdown(rows: list[Row]) -> Iterator[str]:
    """The page of the documentation."""
    yield "# How far the reading of guest files agrees with others"
    yield ""
    yield "Guest files written by others, kept outside of the repository because most are not ours to publish, and what"
    yield "Python, xl, libvirt and xm read in them. Made by `scripts/corpus-agreement --markdown FILE FOLDER`."
    yield ""
    yield f"| {' | '.join(HEAD)} |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield f"| {row.comparison} | {' | '.join(map(str, row.figures))} |"
    yield ""
    yield "A file is a guest file, or one item of `disk`, `vif` or `cpus`. What is explained, is so by these rules:"
    yield ""
    yield "| facts | rule |"
    yield "|---|---|"
    for sentence, count in _rules(rows):
        yield f"| {count} | {sentence} |"


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    return [
        dict(zip(HEAD, (row.comparison, *row.figures), strict=True))
        | {
            "rules": [{"rule": name, "facts": count} for name, count in sorted(row.rules.items())],
            "each_wrong": [
                {"file": fact.file, "name": fact.name, "ours": fact.ours, "theirs": fact.theirs} for fact in row.wrong
            ],
        }
        for row in rows
    ]


def _rules(rows: list[Row]) -> Iterator[tuple[str, int]]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.rules)
    for rule in RULES:
        if total[rule.sentence]:
            yield rule.sentence, total[rule.sentence]
