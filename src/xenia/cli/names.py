"""xm domid, xm domname."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.client.domains import domain_path, not_running
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _name_option(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="NAME", help="name, UUID or a unique beginning of one")


def _id_option(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="ID", help="id, UUID or a unique beginning of one")


def _domid(context: Context, options: Namespace) -> int:
    domain = context.client.get(domain_path(options.domain))["domain"]
    if domain["domid"] is None:
        raise not_running(domain)
    print(domain["domid"])
    return 0


def _domname(context: Context, options: Namespace) -> int:
    print(printable(context.client.get(domain_path(options.domain))["domain"]["name"]))
    return 0


COMMANDS = {
    "domid": Command(
        "xm domid NAME",
        "Print the id of a running domain.",
        _name_option,
        _domid,
        examples=(("xm domid winxp", "3, say"),),
        see_also=("domname", "list"),
    ),
    "domname": Command(
        "xm domname ID",
        "Print the name of a domain.",
        _id_option,
        _domname,
        examples=(("xm domname 3", "winxp, say"),),
        see_also=("domid", "list"),
    ),
}
