"""xm config import-xend: the settings of xend of old."""

from __future__ import annotations

import os
from pathlib import Path

from xenia.cli.command import Command, add_output
from xenia.cli.complaints import show_complaints
from xenia.cli.errors import say
from xenia.cli.guestfile import MAX_SIZE
from xenia.client.errors import ClientError, not_found
from xenia.lib.text import decode, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_NAME = "xend-config.sxp"


def _options(parser: ArgumentParser) -> None:
    where = f"the old file (default: etc/xen/{_NAME} below the root)"
    parser.add_argument("file", metavar="FILE", nargs="?", help=where)
    parser.add_argument("--write", action="store_true", help="change xend.toml, after a look at what would change")
    add_output(parser, "text", "json", "yaml")


def _import(context: Context, options: Namespace) -> int:
    path = str(Path(options.file or os.path.join(context.guest_files, _NAME)).absolute())
    body = {"text": _read(path), "file": path, "write": options.write}
    answer = context.client.post("/host/settings/import", body, seconds=60)
    show_complaints(answer["complaints"])
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(answer, options.output)
        return 0
    _print(answer, printable(path))
    for note in answer["notes"]:
        say(note)
    return 0


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        raise not_found(f"there is no {printable(path)}", "name the file: xm config import-xend FILE") from None
    except OSError as error:
        raise ClientError(f"cannot read {printable(path)}: {error.strerror}") from None
    if len(content) > MAX_SIZE:
        raise ClientError(f"{printable(path)} is longer than {MAX_SIZE >> 10} KiB, so it is no {_NAME}")
    return decode(content)


def _print(answer: dict[str, Any], path: str) -> None:
    from xenia.cli.output import table

    rows = [(str(row["line"] or "-"), _said(row), row["fate"]) for row in answer["settings"]]
    for row, line in zip(answer["settings"], table(rows).splitlines() if rows else (), strict=True):
        print(f"{line}: {printable(row['words'])}")
    print()
    print("\n".join(map(printable, answer["diff"].splitlines())) or f"Nothing of {path} changes xend.toml.")
    if answer["diff"]:
        said = (
            "This was written." if answer["written"] else "Nothing was written: xm config import-xend --write does it."
        )
        print(f"\n{said}")


def _said(row: dict[str, Any]) -> str:
    return printable(f"{row['name']} {row['value']}".rstrip())


COMMANDS = {
    "import-xend": Command(
        "xm config import-xend [FILE] [--write] [-o FORMAT]",
        """\
Take over the settings of xend of old, /etc/xen/xend-config.sxp: what becomes of each line, and how xend.toml would
change. With --write it does; the old file stays as it is.

Each line is "translated", "the same" here already, without an effect for the reason that stands there, or "refused":
doors in plain text, and scripts of one's own for the network. What xend.toml says already stays. Passwords are not
shown.

-o json prints {"settings": [{"name", "value", "line", "fate", "words"}], "complaints", "diff", "written", "notes"}.""",
        _options,
        _import,
        examples=(
            ("xm config import-xend", "what would become of it"),
            ("xm config import-xend --write", "take it over"),
            ("xm config import-xend ~/old-host/xend-config.sxp", "that of another host"),
        ),
        see_also=("config settings",),
    )
}
