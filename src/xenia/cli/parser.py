"""argparse, taught to raise our errors and to print pages that teach."""

from __future__ import annotations

import argparse

from xenia.cli.command import Command
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

EXIT_CODES = """\
exit codes:
  0 done   1 failed   2 wrong usage   3 not found   4 not allowed
  5 not possible in this state   6 took too long   7 xend not reached   130 interrupted"""


class _Layout(argparse.RawDescriptionHelpFormatter):
    """With a fixed width: argparse makes one to check each option, and asking the terminal would import shutil."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=92)


class Parser(argparse.ArgumentParser):
    """The parser of one command. What is wrong with a command line is raised as ClientError (usage)."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(
            prog=f"xm {name}",
            usage=command.usage,
            description=command.text,
            epilog=_epilog(command),
            formatter_class=_Layout,
            add_help=False,
        )
        self.name = name
        self.rest = command.rest
        command.options(self)
        everywhere = self.add_argument_group("everywhere")
        everywhere.add_argument("-h", "--help", action="store_true", help="show this page")
        everywhere.add_argument("--root", metavar="DIR", help="the root of xend (default: $XENIA_ROOT, else /)")
        everywhere.add_argument("--host", metavar="HOST", help="another host, after xm login (default: $XENIA_HOST)")
        everywhere.add_argument("--debug", action="store_true", help="show a traceback of what xm did not expect")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The options and arguments in `words`. Raises ClientError (usage)."""
        if not self.rest or "--" not in words:
            return self.parse_intermixed_args(words)
        end = words.index("--")
        options = self.parse_intermixed_args(words[:end])
        setattr(options, self.rest, [*getattr(options, self.rest), *words[end + 1 :]])
        return options

    def error(self, message: str) -> NoReturn:
        raise usage(f"{self.name}: {message}", f"xm help {self.name}")


def _epilog(command: Command) -> str:
    parts = []
    if command.examples:
        width = max(len(line) for line, _ in command.examples)
        parts.append("examples:\n" + "\n".join(f"  {line:<{width}}  {what}" for line, what in command.examples))
    parts.append(EXIT_CODES)
    if command.see_also:
        parts.append("see also: " + ", ".join(f"xm help {name}" for name in command.see_also))
    return "\n\n".join(parts)
