"""xm help: all commands, or the page of one."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.commands import TABLE, resolve
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenia.cli.command import Context
    from xenia.cli.commands import Entry, Found


NAMING = (
    "Commands may be shortened as long as they are unique: xm li, xm cr, xm des.",
    "A domain is named by its name, id, UUID, or a unique beginning of name or UUID.",
)


def overview() -> str:
    return "\n".join(
        [
            "usage: xm [--root DIR] COMMAND [ARGUMENT...]",
            "",
            "xm starts and controls the virtual machines (domains) of this host.",
            *_rows(TABLE),
            "",
            *NAMING,
            "",
            "xm help COMMAND explains a command, with examples; xm help --all has all names.",
            "To begin: xm info, then xm create FILE -c, then xm list.",
            "",
        ]
    )


def everything() -> str:
    """The overview with the commands of groups, other names, and what xm and xl had and is not here."""
    from textwrap import wrap

    from xenia.cli.absent import ABSENT

    lines = [overview(), "Commands of groups, and other names:", ""]
    for entry in TABLE:
        rows = entry.rows() if entry.table else ()
        lines += [f"  {entry.name + ' ' + row.name:<18} {row.summary}" for row in rows]
        lines += [f"  {alias:<18} the same as {entry.name}" for alias in entry.aliases]
    lines += ["", "Not here, though xm or xl had it (xm COMMAND tells why, and what to use instead):", ""]
    lines += wrap(", ".join(name for row in ABSENT for name in row.names), 90, break_on_hyphens=False)
    return "\n".join([*lines, ""])


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
        lines.append(f"  {entry.name:<20} {entry.summary}")
    return lines


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return f"xm {version_of('xenia')}"
    except PackageNotFoundError:
        return "xm of a source tree that is not installed"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("words", metavar="COMMAND", nargs="*", help="a command, or a key of guest files")
    parser.add_argument("--all", "--long", action="store_true", help="list all commands, by all their names")
    parser.add_argument("--help_config", action="store_true", help="with create: the keys of guest files")


def _help(_context: Context, options: Namespace) -> int:
    if not options.words:
        print(everything() if options.all else overview(), end="")
        return 0
    if options.help_config:
        return _keys(options.words)
    try:
        found = resolve(options.words)
    except ClientError:
        return _key(options.words)
    if found.words:
        raise usage(f"help: '{found.words[0]}' is one word too many after {found.name}", f"xm help {found.name}")
    print(page(found), end="")
    return 0


def _keys(words: list[str]) -> int:
    """What `xm create --help_config` tells, asked for in another way."""
    if resolve(words).name != "create":
        raise usage("help: --help_config goes with create only", "xm help create --help_config")
    from xenia.cli.config.keys import key_table
    from xenia.cli.config.keys import overview as all_keys

    print(all_keys(key_table()))
    return 0


def _key(words: list[str]) -> int:
    """What is no command may be a key. Raises what `resolve` says where it is neither."""
    from xenia.cli.config.keys import explanation, find_key

    row = find_key(words[0]) if len(words) == 1 else None
    if row is None:
        resolve(words)
    else:
        print(explanation(row))
    return 0


COMMANDS = {
    "help": Command(
        "xm help [--all | COMMAND | KEY]",
        "Explain xm, one command (its options, examples and exit codes), or one key of guest files.",
        _options,
        _help,
        examples=(
            ("xm help", "list the commands"),
            ("xm help --all", "and their other names, and what xm and xl had besides"),
            ("xm help create", "all about starting a domain"),
            ("xm help config check", "one of the commands of xm config"),
            ("xm help memory", "a key of guest files"),
        ),
    )
}
