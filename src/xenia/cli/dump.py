"""xm dump-core."""

from __future__ import annotations

import os

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("file", metavar="CORE", nargs="?", default="", help="the file to make, which must not exist")
    parser.add_argument("-L", "--live", action="store_true", help="let the guest run on meanwhile (only Xen can)")
    parser.add_argument("-C", "--crash", action="store_true", help="destroy the domain afterwards")
    parser.add_argument("-R", "--reset", action="store_true", help="start it over afterwards")
    add_output(parser, "text", "json")


def _dump(context: Context, options: Namespace) -> int:
    if options.crash and options.reset:
        raise usage("dump-core: either --crash or --reset", "xm help dump-core")
    file = os.path.abspath(options.file) if options.file else ""  # noqa: PTH100
    then = "destroy" if options.crash else "reset" if options.reset else "nothing"
    body = {"file": file, "live": options.live, "then": then}
    result = follow(context.client, submit(context.client, f"{domain_path(options.domain)}/dump-core", body))["result"]
    for note in result["notes"]:
        say(note)
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
    else:
        print(printable(result["file"]))
    return 0


COMMANDS = {
    "dump-core": Command(
        "xm dump-core [-L] [-C | -R] [-o FORMAT] DOMAIN [CORE]",
        """\
Write the memory of a domain to a file, to be looked at with crash, gdb or volatility, and print the name of the file.
It may run, be paused, or have ended and be preserved. Its CPUs stand still until it is done, and run on then.

Without CORE it goes to var/lib/xen/dump, as NAME-DATE.ID.core. The file is as large as the memory of the domain, ELF,
and can be read by root only: all that the guest knows is in it, passwords as well. What does not fit on the disk is not
begun; when something goes wrong, no part of a file is left.

on_crash = 'coredump-restart' and 'coredump-destroy' do the same when a guest crashes.""",
        _options,
        _dump,
        examples=(
            ("xm dump-core web", "into var/lib/xen/dump"),
            ("xm dump-core -C web /srv/web.core", "and then destroy it"),
            ("xm dump-core -R web", "and then start it over"),
        ),
        see_also=("destroy", "domstate"),
    )
}
