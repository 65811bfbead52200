"""xm log."""

from __future__ import annotations

import time

from xenia.cli.command import Command
from xenia.cli.debugging import print_text
from xenia.client.errors import usage
from xenia.client.http import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

_LINES = "1000"
_PAUSE = 1.0


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--lines", metavar="N", default=_LINES, help=f"so many last lines (default: {_LINES})")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C")


def _log(context: Context, options: Namespace) -> int:
    if not (options.lines.isascii() and options.lines.isdigit() and len(options.lines) < 6):
        raise usage(f"log: '{options.lines}' is no number of lines", "xm log -n 50")
    piece = context.client.get(f"/log?lines={options.lines}")
    print_text(piece["text"])
    while options.follow:
        time.sleep(_PAUSE)
        piece = context.client.get(f"/log?after={quote(piece['position'])}")
        print_text(piece["text"])
    return 0


COMMANDS = {
    "log": Command(
        "xm log [-n N] [-f]",
        """\
Show the log of xend; for administrators. It is var/log/xenia/xend.log below its root, and turned over at 1 MiB; three
old ones are kept beside it.""",
        _options,
        _log,
        examples=(("xm log -n 20", "its last 20 lines"), ("xm log -f", "and what comes")),
        see_also=("audit", "dmesg", "info"),
    ),
}
