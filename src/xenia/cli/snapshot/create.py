"""xm snapshot create."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.following import carry_out
from xenia.cli.snapshot.words import MOMENTS, add_domain
from xenia.cli.stood_still import stood_still
from xenia.client.domains import domain_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("name", metavar="NEW", nargs="?", default="", help="what it is to be called")
    parser.add_argument("-m", "--memory", action="store_true", help="with the memory of the guest, which runs")
    parser.add_argument("-d", "--description", metavar="TEXT", default="", help="what is to be remembered of it")
    add_output(parser, "text", "json", "yaml")


def _create(context: Context, options: Namespace) -> int:
    body = {"name": options.name, "memory": options.memory, "description": options.description}
    result = carry_out(context, f"{domain_path(options.domain)}/snapshots", body)
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    made = result["snapshot"]
    what = f"snapshot '{printable(made['name'])}' of domain {printable(result['domain'])}"
    print(f"Made {what}: {MOMENTS[made['moment']]}{stood_still(result.get('stood_still'))}")
    return 0


COMMANDS = {
    "create": Command(
        "xm snapshot create [-m] [-d TEXT] [-o FORMAT] DOMAIN [NEW]",
        """\
Make a snapshot of a domain: a moment to which it can go back. It takes the same time whatever the size of its disks,
and no space before the domain writes on: the images as they are stay, and what is written from then on goes to overlays
beside them. The guest file goes on naming the images that it has always named.

A guest that runs goes on. Where its agent answers, it writes out what it has and holds still for that moment; else the
disks are as if its plug had been pulled. With -m its memory is kept as well, and it can go back to that very
instruction; it stands still until that is written, or for some tens of milliseconds with the setting
background_snapshots, and how long is told. All disks, the memory and the guest file are of one moment. A snapshot is
there whole or not at all; Ctrl-C takes it back.""",
        _options,
        _create,
        examples=(
            ("xm snapshot create web before-upgrade", "its disks"),
            ("xm snapshot create -m web", "its disks and its memory; it gets a name"),
        ),
        see_also=("snapshot revert", "snapshot list", "save"),
    )
}
