"""xm help: all commands, or the page of one."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.commands import TABLE, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def overview() -> str:
    lines = [
        "usage: xm [--root DIR] COMMAND [ARGUMENT...]",
        "",
        "xm starts and controls the virtual machines (domains) of this host.",
    ]
    group = ""
    for entry in TABLE:
        if entry.group != group:
            group = entry.group
            lines += ["", f"{group}:"]
        lines.append(f"  {entry.name:<10} {entry.summary}")
    lines += [
        "",
        "Commands may be shortened as long as they are unique: xm li, xm cr, xm des.",
        "A domain is named by its name, id, UUID, or a unique beginning of name or UUID.",
        "",
        "xm help COMMAND explains a command, with examples.",
        "To begin: xm info, then xm create FILE -c, then xm list.",
        "",
    ]
    return "\n".join(lines)


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return f"xm {version_of('xenia')}"
    except PackageNotFoundError:
        return "xm of a source tree that is not installed"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("command", metavar="COMMAND", nargs="?", help="the command to explain")


def _help(_context: Context, options: Namespace) -> int:
    if options.command is None:
        print(overview(), end="")
        return 0
    from importlib import import_module

    from xenia.cli.parser import Parser

    entry = find(options.command)
    command: Command = import_module(f"xenia.cli.{entry.module}").COMMANDS[entry.name]
    print(Parser(entry.name, command).format_help(), end="")
    return 0


COMMANDS = {
    "help": Command(
        "xm help [COMMAND]",
        "Explain xm, or one command: its options, examples and exit codes.",
        _options,
        _help,
        examples=(("xm help", "list the commands"), ("xm help create", "all about starting a domain")),
    )
}
