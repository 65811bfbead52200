"""xm domstate."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.client.domains import domain_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")


def _domstate(context: Context, options: Namespace) -> int:
    domain = context.client.get(domain_path(options.domain))["domain"]
    print("suspended" if domain["suspended"] else domain["state"])
    if domain["ending"]:
        say(domain["ending"])
    return 0


COMMANDS = {
    "domstate": Command(
        "xm domstate DOMAIN",
        """\
Print the state of a domain, in one word: running, blocked (running, and waiting for something to do: only Xen tells),
paused, shutdown or crashed (it has ended and is kept: to be looked at, or until it is started again), dying, starting,
suspended (xm resume lets it go on) or defined (it does not run). Why it has crashed, or was not started again, is said
on stderr.""",
        _options,
        _domstate,
        examples=(("xm domstate winxp", "running, say"),),
        see_also=("list", "uptime"),
    ),
}
