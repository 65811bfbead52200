"""xm snapshot delete."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.cli.snapshot.words import add_domain, snapshot_path
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("name", metavar="SNAPSHOT", nargs="?", help="its name")
    parser.add_argument("--all", action="store_true", help="all of them")


def _delete(context: Context, options: Namespace) -> int:
    if options.all == (options.name is not None):
        raise usage("snapshot delete: one snapshot, or --all", "xm help snapshot delete")
    path = f"{domain_path(options.domain)}/snapshots" if options.all else snapshot_path(options.domain, options.name)
    result = carry_out(
        context, path, {}, cancelled="what is left of it is merged with the next that is deleted", method="delete"
    )
    names = ", ".join(f"'{printable(name)}'" for name in result["deleted"]) or "none"
    print(f"Deleted of domain {printable(result['domain'])}: {names}")
    if result["left"]:
        say(f"{result['left']} of its images stay: others are based on them")
    return 0


COMMANDS = {
    "delete": Command(
        "xm snapshot delete DOMAIN SNAPSHOT | xm snapshot delete --all DOMAIN",
        """\
Delete a snapshot, or all, also while the guest runs. The domain and its other snapshots stay what they are: what was
written since is merged into the image below, in time for what was written, whatever the size of the disk. When the last
one is gone, the domain writes to the very images again that its guest file names.

An image on which two others are based is kept as long as they need it.""",
        _options,
        _delete,
        examples=(
            ("xm snapshot delete web before-upgrade", "the upgrade was fine"),
            ("xm snapshot delete --all web", "back to plain images"),
        ),
        see_also=("snapshot list", "snapshot revert"),
    )
}
