"""Where a change is made: in the domain that runs, in its guest file, in both; and what is said of it."""

from __future__ import annotations

from xenia.cli.errors import say
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

WHERE = """
A domain that runs is changed at once, and where a file in etc/xen defines it, that file is edited as well (in place; xm
config history has the version before). --live changes the domain only, --config the file only. What a domain that runs
was given it has until it ends, also when it reboots or a policy starts it anew."""


def add_scope(parser: ArgumentParser) -> None:
    """The options --live and --config."""
    parser.add_argument("--live", action="store_true", help="only in the domain that runs")
    parser.add_argument("--config", action="store_true", help="only in its guest file: it counts at the next start")


def scope_of(options: Namespace) -> str:
    """As the API has it."""
    return "both" if options.live == options.config else "live" if options.live else "config"


def tell(result: dict[str, Any], output: str) -> None:
    """Print what came of a change: `notes`, and the `file` that was edited."""
    if output == "json":
        from xenia.cli.output import print_data

        print_data(result, output)
        return
    for note in result["notes"]:
        say(note)
    if result["file"]:
        print(f"{printable(result['file'])} says so now, for the next start")
