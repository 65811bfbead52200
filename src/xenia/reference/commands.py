"""The page docs/reference/commands.md: every command of xm, and what becomes of it on each engine.

Made of xm's table, the operations table and what the engines lack. `scripts/write-reference` writes it; a test says
when it is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from xenia.cli.absent import ABSENT, Absent
from xenia.cli.commands import TABLE, Entry, Found
from xenia.cli.options import Needless, Refused
from xenia.cli.parser import Parser
from xenia.reference.fates import fate
from xenia.reference.predecessors import XL, XM

_HEAD = """\
# The commands of xm

Every command of Xenia's `xm`, and every one that xm (Xen 3.2 to 4.4) or xl (Xen 4.17) had. This page is made from the
tables of the program. Do not write in it: `scripts/write-reference` does.

What becomes of a command on an engine:

- **yes**: it does what it says.
- **translated**: it does so by other means, which may be noticed.
- **no**: it is refused, for the reason that stands there.

`xm help COMMAND` tells more of each. The last column says who has the command as well. What the verbs did when real
guests of each kind went through them stands in two tables that the tests write: [QEMU](qemu-verbs.md),
[Xen](xen-verbs.md).
"""

_ABSENT = """\
## Not here

Commands of xm and xl that Xenia has not. `xm` answers them with the same words, and ends with 2.

| command | why | instead | of |
| --- | --- | --- | --- |"""


_OPTIONS = """\
## Options

Options of xm and xl that are refused, or that nothing has to be done for; all others are in `xm help COMMAND`.

| command | option | here | instead |
| --- | --- | --- | --- |"""


def page() -> str:
    """The page, in Markdown."""
    lines = [_HEAD]
    for section, entries in groupby(TABLE, key=lambda entry: entry.section):
        lines += [f"## {section}\n", "| command | what it does | on QEMU | on Xen | of |", "| --- " * 5 + "|"]
        lines += [row for entry in entries for row in _rows(entry)] + [""]
    lines += [_ABSENT, *map(_absent_row, ABSENT), "", _OPTIONS, *_option_rows(), ""]
    return "\n".join(lines)


def _option_rows() -> Iterator[str]:
    for entry in TABLE:
        if not entry.table:
            found = Found(entry, entry.name, [])
            for action in Parser(entry.name, found.command())._actions:
                if isinstance(action, Refused | Needless):
                    flags = " ".join(f"`{flag}`" for flag in action.option_strings)
                    word = "no" if isinstance(action, Refused) else "taken, and changes nothing"
                    yield _cells(f"`{entry.name}`", flags, f"{word}: {action.why}", getattr(action, "instead", ""))


def _rows(entry: Entry) -> list[str]:
    if entry.table:
        return [_row(each, f"{entry.name} {each.name}", "") for each in entry.rows()]
    return [_row(entry, entry.name, _of(entry.name, *entry.aliases))]


def _row(entry: Entry, name: str, of: str) -> str:
    names = " ".join(f"`{each}`" for each in (name, *entry.aliases))
    return _cells(names, entry.summary, fate(name, "qemu"), fate(name, "xen"), of)


def _absent_row(row: Absent) -> str:
    return _cells(" ".join(f"`{name}`" for name in row.names), row.why, row.instead, _of(*row.names))


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _of(*names: str) -> str:
    return ", ".join(of for of, commands in (("xm", XM), ("xl", XL)) if commands.intersection(names))
