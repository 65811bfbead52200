"""xm rename."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.client.domains import domain_path, follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("name", metavar="NEW", help="the new name")
    add_output(parser, "text", "json")


def _rename(context: Context, options: Namespace) -> int:
    job = submit(context.client, f"{domain_path(options.domain)}/rename", {"name": options.name})
    result = follow(context.client, job)["result"]
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    for note in result["notes"]:
        say(note)
    if result["file"]:
        print(f"{printable(result['file'])} says name = '{printable(result['domain'])}' now")
    return 0


COMMANDS = {
    "rename": Command(
        "xm rename [-o FORMAT] DOMAIN NEW",
        """\
Give a domain another name, whether it runs or only is defined. It keeps its id, its UUID and the addresses of its
cards; a guest that runs notices nothing.

Where a file in etc/xen defines the domain, its name is edited in place (xm config history has the version before). The
file itself keeps its own name. A domain that others have started is adopted first.""",
        _options,
        _rename,
        examples=(("xm rename web oldweb", "make room for a new web"),),
        see_also=("list", "adopt", "config history"),
    )
}
