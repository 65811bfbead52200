"""xm shell: one command after the other, with the words completed and remembered where they are typed."""

from __future__ import annotations

import shlex
import sys

from xenia.cli.command import Command
from xenia.cli.errors import EXIT_PIPE, report
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator

    from xenia.cli.command import Context

_PROMPT = "xm> "
_ENDS = frozenset({"exit", "quit"})


def _options(_parser: ArgumentParser) -> None:
    """It has none."""


def _shell(context: Context, _options: Namespace) -> int:
    if not sys.stdin.isatty():
        return _run_all(sys.stdin, context)
    from xenia.cli.line_editor import Editor

    with Editor(context.root, context.host) as editor:
        return _run_all(_typed(editor.read), context)


def _typed(read: Callable[[str], str]) -> Iterator[str]:
    """Line by line; Ctrl-C drops what was begun, Ctrl-D ends."""
    while True:
        try:
            yield read(_PROMPT)
        except KeyboardInterrupt:
            print()
        except EOFError:
            print()
            return


def _run_all(lines: Iterable[str], context: Context) -> int:
    """The exit code of the last command that failed, 0 without one."""
    code = 0
    for line in lines:
        words = _words(line)
        if words is None:
            code = 2
        elif words and words[0] in _ENDS:
            break
        elif words:
            failed = _run(words, context)
            code = failed or code
            if failed == EXIT_PIPE:
                break
    return code


def _words(line: str) -> list[str] | None:
    """None where the line cannot be understood, which is said."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        report(usage(f"shell: {str(error).lower()}", "quotes come in pairs"))
        return None
    return words[1:] if words[:1] == ["xm"] else words


def _run(words: list[str], context: Context) -> int:
    from xenia.cli.main import main

    if words[0] == "shell":
        return report(usage("shell: you are in it already", "exit leaves it"))
    try:
        return main(["--root", context.root, "--host", context.host, *words])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


COMMANDS = {
    "shell": Command(
        "xm shell",
        """\
Type one command after the other, without the xm before it. Tab completes words as in a shell of the system, and what
was typed is remembered for the next time, in a file that only you can read. exit, quit or Ctrl-D ends it.

Where the input is no terminal, its lines are run in turn. A command that fails is told and ends nothing; the exit code
is that of the last that failed.""",
        _options,
        _shell,
        examples=(
            ("xm shell", "then: list, console web, exit"),
            ("xm shell < commands", "all of them, one after the other"),
        ),
        see_also=("help", "completion"),
    )
}
