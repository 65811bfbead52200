"""What the commands share that change a domain which runs, its guest file, or both."""

from __future__ import annotations

from xenia.cli.command import add_output
from xenia.cli.errors import say
from xenia.client.domains import domain_path, follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

WHERE = """
A domain that runs is changed at once, and where a file in etc/xen defines it, that file is edited as well (in place; xm
config history has the version before). --live changes the domain only, --config the file only. What a domain that runs
was given it has until it ends, also when it reboots or a policy starts it anew."""

TAKEN = """
Once the guest has taken it, xm is done. A guest that is up and has not taken it after ten seconds (attach_timeout in
xend.toml) has no driver for it, say: it is unplugged again, which is an error. One that is not up yet takes it when it
is, which is said. --no-wait leaves it plugged in, whatever the guest does."""


def add_no_wait(parser: ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="do not wait until the guest has taken it")


def add_scope(parser: ArgumentParser) -> None:
    """The options --live, --config and -o."""
    parser.add_argument("--live", action="store_true", help="only in the domain that runs")
    parser.add_argument("--config", action="store_true", help="only in its guest file: it counts at the next start")
    add_output(parser, "text", "json")


def change(context: Context, options: Namespace, operation: str, body: dict[str, Any]) -> int:
    """Have xend do it. Text says what is worth a remark, and which file was edited."""
    scope = "both" if options.live == options.config else "live" if options.live else "config"
    job = submit(context.client, f"{domain_path(options.domain)}/{operation}", {**body, "scope": scope})
    result = follow(context.client, job)["result"]
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    for note in result["notes"]:
        say(note)
    if result["file"]:
        print(f"{printable(result['file'])} says so now, for the next start")
    return 0
