"""xm: finds the command, runs it, and ends with its exit code.

Modules that xm imports at every start keep away from dataclasses, typing, model/ and whatever else costs
milliseconds: a list should not take longer than a person notices. That is why they say `TYPE_CHECKING = False`
instead of importing it.
"""

from __future__ import annotations

import os
import sys

from xenia.cli.command import Context
from xenia.cli.commands import resolve
from xenia.cli.errors import EXIT_PIPE, report, say, wants_json
from xenia.client.errors import EXIT_INTERRUPTED, EXIT_USAGE, ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenia.cli.commands import Found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of this process, without its name) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None and sys.argv[0].rpartition("/")[2] == "xl":
        from xenia.cli.xl import xm_words

        words = xm_words(words)
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # a name that the terminal's character set lacks is no failure
    json = wants_json(words)
    try:
        code = _run(words, json)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ClientError as error:
        return report(error, json=json)
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return EXIT_PIPE
    except OSError as error:
        _forget_stdout()
        place = f"{error.filename}: " if error.filename else ""
        return report(ClientError(f"{place}{error.strerror or error}", kind="unavailable"), json=json)
    except Exception as error:
        if "--debug" in words:
            raise
        return report(_defect(error), json=json)


def _run(words: list[str], json: bool) -> int:
    place, words = _global_options(words)
    if not words:
        from xenia.cli.help import overview

        sys.stderr.write(overview())
        return EXIT_USAGE
    if words[0] in ("-V", "--version"):
        from xenia.cli.help import version

        print(version())
        return 0
    if words[0] in ("-h", "--help"):
        words[0] = "help"
    if words[0].startswith("-"):
        raise usage(f"xm has no option '{words[0]}' before the command", "xm help")
    found = resolve(words)
    own = found.words[: found.words.index("--")] if "--" in found.words else found.words
    if "-h" in own or "--help" in own:
        from xenia.cli.help import page

        print(page(found), end="")
        return 0
    if found.entry.table:
        return _no_command(found)

    from xenia.cli.parser import Parser

    command = found.command()
    options = Parser(found.name, command).parse(found.words)
    host = options.host if options.host is not None else place["host"]
    return command.run(Context(options.root or place["root"], host=host, json=json), options)


def _no_command(found: Found) -> int:
    """A group is named, and none of its commands."""
    from xenia.cli.help import page

    if found.words:
        raise usage(f"{found.name} has no option '{found.words[0]}' before its command", f"xm help {found.name}")
    sys.stderr.write(page(found))
    return EXIT_USAGE


def _global_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The root and the host, and the words that follow the options before the command."""
    place = {"root": os.environ.get("XENIA_ROOT") or "/", "host": os.environ.get("XENIA_HOST") or ""}
    while words and words[0].partition("=")[0] in ("--root", "--host", "--debug"):
        word, *words = words
        name, given, value = word.partition("=")
        if name == "--debug":
            continue
        option = name.removeprefix("--")
        if not given:
            if not words:
                raise usage(f"{name} needs a word", f"xm {name} {'DIR' if option == 'root' else 'HOST'} COMMAND")
            value, *words = words
        place[option] = value
    return place, words


def _defect(error: Exception) -> ClientError:
    return ClientError(
        f"internal error: {type(error).__name__}: {error}",
        kind="internal",
        hint="this is a defect of xm; the same command with --debug shows where",
    )


def _forget_stdout() -> None:
    """Nobody reads our output, or it cannot be written: let the interpreter's own flush at the end go nowhere."""
    if sys.stdout is None:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None  # as the interpreter itself has it where there is no descriptor


if __name__ == "__main__":
    sys.exit(main())
