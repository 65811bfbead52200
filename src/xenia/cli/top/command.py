"""xm top: its options, and whether a person or a program looks."""

from __future__ import annotations

import sys

from xenia.cli.command import Command
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

_SHORTEST, _LONGEST = 0.1, 3600.0


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-d", "--delay", metavar="SECONDS", default="3", help="between two looks (default: 3)")
    parser.add_argument("-i", "--iterations", metavar="N", help="end after so many looks")
    parser.add_argument("-b", "--batch", action="store_true", help="print xentop's table, again and again")
    parser.add_argument("-v", "--vcpus", action="store_true", help="virtual CPUs below each domain")
    parser.add_argument("-n", "--networks", action="store_true", help="network cards below each domain")
    parser.add_argument("-x", "--vbds", action="store_true", help="disks below each domain")
    parser.add_argument("-f", "--full-name", action="store_true", help="no effect: names are always whole")


def _top(context: Context, options: Namespace) -> int:
    try:
        options.delay = seconds_of(options.delay)
    except ValueError:
        raise usage(f"top: '{options.delay}' is no delay", f"seconds, from {_SHORTEST} to {_LONGEST:g}") from None
    options.iterations = None if options.iterations is None else _count(options.iterations)
    if options.batch:
        from xenia.cli.top import batch

        return batch.run(context.client, options)
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        raise usage("top: this is no terminal", "xm top -b prints plain text, -i 1 once")
    from xenia.cli.top import screen

    return screen.run(context.client, options)


def seconds_of(text: str) -> float:
    """A delay. Raises ValueError."""
    delay = float(text)
    if not _SHORTEST <= delay <= _LONGEST:
        raise ValueError(text)
    return delay


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 31):
        raise usage(f"top: '{text}' is no number of looks", "xm top -b -i 2")
    return int(text)


COMMANDS = {
    "top": Command(
        "xm top [-d SECONDS] [-i N] [-v] [-n] [-x] [-b]",
        """\
Show what the domains do, live: the share of a CPU that each uses, its memory, what it reads and writes a second, on
its disks and over its cards. CPU% is of one CPU of the host: a guest with two that are busy has 200. WAIT% is what
its virtual CPUs could have run as well, had a CPU been free.

A wider terminal shows more columns. Keys (? lists them): Q quits, S sorts by the next column, R the other way round,
V, N and B show virtual CPUs, networks and block devices below each domain, D changes the delay, arrows scroll.
Colours are left out where NO_COLOR is set. A xend that is restarted meanwhile is waited for.

With -b the table is that of xentop -b, for programs that read it: sums since the start of each domain, and CPU(%)
since the table before; in the first one, since the start of the domain. What is not counted is 0 there.""",
        _options,
        _top,
        examples=(
            ("xm top", "until Q"),
            ("xm top -d 1 -x", "every second, with disks"),
            ("xm top -b -i 2 -d 5", "two tables, five seconds apart, for a script"),
        ),
        see_also=("list", "vcpu-list", "uptime"),
    )
}
