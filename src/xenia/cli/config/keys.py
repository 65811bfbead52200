"""xm config keys, and what other pages of help tell of the keys of guest files."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.client.errors import not_found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_LEGEND = """\
Each line: the key, what it takes, whether it has an effect on QEMU and on Xen (~: in another form), what it means.
xm config keys KEY tells all about one."""


def key_table() -> dict[str, list[dict[str, str]]]:
    """The chapters of the table, each with its keys: texts by `name`, `takes`, `default`, `meaning`, `qemu`, `xen`,
    `example` and `of`. Made from the table in guestfile by scripts/write-reference: xm helps without a xend, too.
    """
    import json
    from pathlib import Path

    table: dict[str, list[dict[str, str]]] = json.loads(Path(__file__).with_name("keys.json").read_text("ascii"))
    return table


def find_key(name: str) -> dict[str, str] | None:
    """The row of the key of exactly this name."""
    return next((row for rows in key_table().values() for row in rows if row["name"] == name), None)


def overview(table: dict[str, list[dict[str, str]]]) -> str:
    """One line a key, by chapter."""
    lines = [_LEGEND]
    for chapter, rows in table.items():
        lines += ["", f"{chapter}:"]
        lines += (_line(row) for row in rows)
    return "\n".join(lines)


def _line(row: dict[str, str]) -> str:
    takes = row["takes"].partition(",")[0].partition(" ")[0]
    return f"  {row['name']:<24} {takes:<8} {_mark(row['qemu'])} {_mark(row['xen'])} {row['meaning']}"


def _mark(fate: str) -> str:
    return {"yes": "yes", "translated": "~", "no": "no"}[fate.partition(":")[0]].ljust(4)


def explanation(row: dict[str, str]) -> str:
    """All about one key."""
    takes = row["takes"] + (f" (default: {row['default']})" if row["default"] else "")
    return "\n".join(
        [
            row["name"],
            f"  {row['meaning']}.",
            f"  takes    {takes}",
            f"  on QEMU  {row['qemu']}",
            f"  on Xen   {row['xen']}",
            f"  example  {row['example']}",
            f"  known to {row['of']}",
        ]
    )


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("words", metavar="KEY", nargs="*", help="a key, or a part of the names of several")
    add_output(parser, "text", "json")


def _keys(_context: Context, options: Namespace) -> int:
    table = key_table()
    found = _found(table, options.words) if options.words else [row for rows in table.values() for row in rows]
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data({"keys": found}, "json")
    elif options.words:
        print("\n\n".join(map(explanation, found)))
    else:
        print(overview(table))
    return 0


def _found(table: dict[str, list[dict[str, str]]], words: list[str]) -> list[dict[str, str]]:
    """The keys that `words` name or, where one names none, those that have it in their names."""
    rows = {row["name"]: row for chapter in table.values() for row in chapter}
    found: dict[str, Any] = {}
    for word in words:
        named = [word] if word in rows else [name for name in rows if word.lower() in name]
        if not named:
            from difflib import get_close_matches

            near = get_close_matches(word, rows, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "xm config keys lists them all"
            raise not_found(f"guest files know no key '{word}'", hint)
        found |= {name: rows[name] for name in named}
    return list(found.values())


COMMANDS = {
    "keys": Command(
        "xm config keys [KEY...] [-o FORMAT]",
        """\
Tell what may stand in a guest file: all keys of xm and of xl, what they take and mean, and what becomes of each on
QEMU and on Xen. docs/reference/guest-file.md has the same as a page.""",
        _options,
        _keys,
        examples=(
            ("xm config keys", "all of them, a line each"),
            ("xm config keys memory", "all about one"),
            ("xm config keys vnc", "all about those that have vnc in their names"),
        ),
        see_also=("config check", "create"),
    )
}
