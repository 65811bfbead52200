"""xm help: all commands, or the page of one."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.commands import TABLE, resolve
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenia.cli.command import Context
    from xenia.cli.commands import Entry, Found


def overview() -> str:
    return "\n".join(
        [
            "usage: xm [--root DIR] COMMAND [ARGUMENT...]",
            "",
            "xm starts and controls the virtual machines (domains) of this host.",
            *_rows(TABLE),
            "",
            "Commands may be shortened as long as they are unique: xm li, xm cr, xm des.",
            "A domain is named by its name, id, UUID, or a unique beginning of name or UUID.",
            "",
            "xm help COMMAND explains a command, with examples.",
            "To begin: xm info, then xm create FILE -c, then xm list.",
            "",
        ]
    )


def page(found: Found) -> str:
    """The page of one command, or of a group of them."""
    from xenia.cli.parser import Parser

    if not found.entry.table:
        return Parser(found.name, found.command()).format_help()
    return "\n".join(
        [
            f"usage: xm {found.name} COMMAND [ARGUMENT...]",
            "",
            f"{found.entry.summary}.",
            *_rows(found.entry.rows()),
            "",
            f"xm help {found.name} COMMAND explains a command, with examples.",
            "",
        ]
    )


def _rows(table: Sequence[Entry]) -> list[str]:
    lines: list[str] = []
    section = ""
    for entry in table:
        if entry.section != section:
            section = entry.section
            lines += ["", f"{section}:"]
        lines.append(f"  {entry.name:<10} {entry.summary}")
    return lines


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return f"xm {version_of('xenia')}"
    except PackageNotFoundError:
        return "xm of a source tree that is not installed"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("words", metavar="COMMAND", nargs="*", help="the command to explain")


def _help(_context: Context, options: Namespace) -> int:
    if not options.words:
        print(overview(), end="")
        return 0
    found = resolve(options.words)
    if found.words:
        raise usage(f"help: '{found.words[0]}' is one word too many after {found.name}", f"xm help {found.name}")
    print(page(found), end="")
    return 0


COMMANDS = {
    "help": Command(
        "xm help [COMMAND]",
        "Explain xm, or one command: its options, examples and exit codes.",
        _options,
        _help,
        examples=(
            ("xm help", "list the commands"),
            ("xm help create", "all about starting a domain"),
            ("xm help config check", "one of the commands of xm config"),
        ),
    )
}
