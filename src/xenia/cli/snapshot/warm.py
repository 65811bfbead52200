"""xm snapshot warm."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.following import carry_out
from xenia.cli.snapshot.words import add_domain, shown_warm, snapshot_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("name", metavar="SNAPSHOT", help="its name")
    parser.add_argument("count", metavar="N", type=int, help="how many clones are to be ready; 0 for none")
    add_output(parser, "text", "json", "yaml")


def _warm(context: Context, options: Namespace) -> int:
    if options.count < 0:
        raise usage(f"snapshot warm: {options.count} clones cannot be held ready", "0 ends those that there are")
    result = carry_out(context, f"{snapshot_path(options.domain, options.name)}/warm", {"count": options.count})
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    shown = result["snapshot"]
    print(
        f"Clones of '{printable(shown['name'])}' of domain {printable(result['domain'])}: {shown_warm(shown['warm'])}"
    )
    return 0


COMMANDS = {
    "warm": Command(
        "xm snapshot warm [-o FORMAT] DOMAIN SNAPSHOT N",
        """\
Hold N clones of a snapshot with memory ready: they are started, with their memory and their disks, and stand still
until xm clone --snapshot gives one of them a name. So a clone runs as soon as its guest file is written. 0 ends them.

They are made in the background, one at a time, and what is taken is made again. They are no domains, and xm list does
not show them; xm snapshot show and xm info tell how many there are and what memory they take. They go where a domain
needs that memory, when the domain goes back to a snapshot or loses one, and with xend; then they are made anew.""",
        _options,
        _warm,
        examples=(
            ("xm snapshot warm debian golden 5", "five are ready from now on"),
            ("xm snapshot warm debian golden 0", "no more"),
        ),
        see_also=("clone", "snapshot create", "snapshot show"),
    )
}
