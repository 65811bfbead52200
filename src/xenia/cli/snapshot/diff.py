"""xm snapshot diff."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import shown_size
from xenia.cli.snapshot.words import add_domain, snapshot_path
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("old", metavar="SNAPSHOT", help="the snapshot to look from")
    parser.add_argument("new", metavar="SNAPSHOT", nargs="?", default="", help="another one; without it: now")
    add_output(parser, "text", "json", "yaml")


def _diff(context: Context, options: Namespace) -> int:
    found = context.client.get(f"{snapshot_path(options.domain, options.old)}/diff?to={quote(options.new)}")
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(found, options.output)
        return 0
    for disk in found["disks"]:
        print(f"{disk['target']}: {shown_size(disk['written'])} written, at most")
    for line in found["lines"]:
        print(printable(line))
    return 0


COMMANDS = {
    "diff": Command(
        "xm snapshot diff [-o FORMAT] DOMAIN SNAPSHOT [SNAPSHOT]",
        """\
Tell what was changed between a snapshot and now, or between two: how much was written to each disk, at most (what was
written twice, or as it was before, counts as well), and in what the guest files differ.""",
        _options,
        _diff,
        examples=(
            ("xm snapshot diff web before-upgrade", "what the upgrade has changed"),
            ("xm snapshot diff web one two", "between two of them"),
        ),
        see_also=("snapshot list", "config diff"),
    )
}
