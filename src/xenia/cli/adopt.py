"""xm adopt."""

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
    add_output(parser, "text", "json")


def _adopt(context: Context, options: Namespace) -> int:
    job = submit(context.client, f"{domain_path(options.domain)}/adopt", {"until_gone": False})
    result = follow(context.client, job)["result"]
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    print(f"Adopted domain {printable(result['domain'])}, defined by {printable(result['file'])}")
    if result["differs"]:
        say(f"the file differs from what runs in: {', '.join(map(printable, result['differs']))}; look it over")
    return 0


COMMANDS = {
    "adopt": Command(
        "xm adopt [-o FORMAT] DOMAIN",
        """\
Take over a running domain that somebody else has started (xl create): its guest file is written to etc/xen from
what runs, unless there is one of that name already, and from now on xend acts on its end by on_poweroff, on_reboot
and on_crash. The xl that waits for its end is ended, so that never both act. The guest notices nothing.""",
        _options,
        _adopt,
        examples=(("xm adopt oldguest", "a domain that xl has started"), ("xm list", "which domains there are")),
        see_also=("list", "create"),
    )
}
