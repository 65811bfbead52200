"""xm snapshot revert."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.cli.snapshot.words import add_domain, snapshot_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("name", metavar="SNAPSHOT", help="its name")


def _revert(context: Context, options: Namespace) -> int:
    result = carry_out(context, f"{snapshot_path(options.domain, options.name)}/revert", {})
    for note in result["notes"]:
        say(note)
    name, domid = printable(result["domain"]), result["domid"]
    ends = "it does not run" if domid is None else f"it runs (id={domid})"
    print(f"Domain {name} is as it was in '{printable(result['snapshot']['name'])}': {ends}")
    return 0


COMMANDS = {
    "revert": Command(
        "xm snapshot revert DOMAIN SNAPSHOT",
        """\
Have a domain be what it was. What it is now is lost, unless another snapshot has it: make one first where you may want
it again. A guest that runs is ended. Of a snapshot with memory it goes on from that instruction; of one without, it
boots where it ran, and stays off where it did not.

The guest file is as it was then, too; what it says now stays one of its versions (xm config versions). The snapshot
stays, and can be gone back to again; so do those that were made after it.""",
        _options,
        _revert,
        examples=(("xm snapshot revert web before-upgrade", "as if the upgrade had not been"),),
        see_also=("snapshot create", "snapshot list", "config revert"),
    )
}
