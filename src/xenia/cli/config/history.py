"""xm config history and revert: the versions of a guest file."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.config.edit import show_saved
from xenia.cli.config.ref import add_ref, guest_file_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _history_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    add_output(parser, "text", "json", "yaml")


def _revert_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("version", metavar="VERSION", nargs="?", type=int, help="its number (default: the one before)")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing unless it fails")
    add_output(parser, "text", "json", "yaml")


def _history(context: Context, options: Namespace) -> int:
    answer = context.client.get(f"{guest_file_path(context, options.name)}/versions")
    from xenia.cli.output import print_data, table

    if options.output != "text":
        print_data(answer, options.output)
        return 0
    rows = [_row(version) for version in reversed(answer["versions"])]
    print(table([("Version", "Time", "Who", "Bytes", "What"), *rows]))
    return 0


def _row(version: dict[str, Any]) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version["at"]))
    size = str(version["size"]) if version["etag"] else "-"
    return str(version["number"]), when, printable(version["who"]) or "-", size, printable(version["what"])


def _revert(context: Context, options: Namespace) -> int:
    body = {"version": options.version}
    saved = context.client.post(f"{guest_file_path(context, options.name)}/revert", body, seconds=60)
    show_saved(saved, options)
    return 0


COMMANDS = {
    "history": Command(
        "xm config history NAME [-o FORMAT]",
        """\
List the versions of a guest file that are kept, the newest first: when it was seen, who changed it through xm, and
what was done. What an editor does is seen when it is done, or when xend starts; who it was is not known then. Of each
file the last 100 versions are kept, 4 MiB at most. A file that was removed is named by its file name.""",
        _history_options,
        _history,
        examples=(
            ("xm config history web", "what was changed, and when?"),
            ("xm config show web --version 3", "what did it say then?"),
        ),
        see_also=("config revert", "config show"),
    ),
    "revert": Command(
        "xm config revert NAME [VERSION] [-q] [-o FORMAT]",
        """\
Bring an earlier version of a guest file back: the one before the last, or the one with this number. It becomes the
newest version, so nothing is lost by it, and a revert can be reverted. A file that was removed comes back too.""",
        _revert_options,
        _revert,
        examples=(
            ("xm config revert web", "undo the last change"),
            ("xm config revert web 3", "back to version 3"),
        ),
        see_also=("config history",),
    ),
}
