"""xm config diff."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.config.ref import difference_rows
from xenia.cli.errors import say
from xenia.client.domains import domain_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

EXIT_CHANGES = 2
"""With --exit-code: there is something to change."""


def add_exit_code(parser: ArgumentParser) -> None:
    parser.add_argument("--exit-code", action="store_true", help="end with 2 where something is to change")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="DOMAIN", help="a domain that runs")
    add_exit_code(parser)
    add_output(parser, "text", "json", "yaml")


def _diff(context: Context, options: Namespace) -> int:
    answer = context.client.get(f"{domain_path(options.name)}/differences")
    found = answer["differences"]
    from xenia.cli.output import print_data, table

    if options.output != "text":
        print_data(answer, options.output)
    elif found:
        print(table(difference_rows(found)))
    else:
        say(f"'{answer['domain']}' (id {answer['domid']}) runs as its guest file wants it")
    return EXIT_CHANGES if found and options.exit_code else 0


COMMANDS = {
    "diff": Command(
        "xm config diff DOMAIN [--exit-code] [-o FORMAT]",
        """\
Compare a domain that runs with its guest file, key by key: what runs -> what is wanted, and when that takes effect.

  now            xm apply does it while the domain runs: on_poweroff, on_reboot, on_crash, start order
  at next start  when the domain has ended and is started again with xm create; a reboot keeps what runs

Of a list, - is an item that runs and is no longer wanted, + one that is wanted and does not run.""",
        _options,
        _diff,
        examples=(
            ("xm config diff web", "what would change?"),
            ("xm config diff web --exit-code", "for scripts: 0 nothing, 2 something"),
        ),
        see_also=("config show", "plan", "apply"),
    )
}
