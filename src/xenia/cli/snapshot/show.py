"""xm snapshot show."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import shown_size
from xenia.cli.snapshot.words import MOMENTS, add_domain, shown_time, shown_warm, snapshot_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("name", metavar="SNAPSHOT", help="its name")
    add_output(parser, "text", "json", "yaml")


def _show(context: Context, options: Namespace) -> int:
    answer = context.client.get(snapshot_path(options.domain, options.name))
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(answer, options.output)
        return 0
    print("\n".join(f"{key:<12} {value}" for key, value in _lines(answer)))
    return 0


def _lines(answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    shown = answer["snapshot"]
    yield "snapshot", printable(shown["name"]) + (" (the domain is based on it)" if shown["current"] else "")
    if shown["description"]:
        yield "description", printable(shown["description"])
    yield "made", shown_time(shown["at"])
    yield "disks are", MOMENTS[shown["moment"]]
    yield "after", printable(shown["parent"]) or "-"
    yield "before", ", ".join(map(printable, shown["children"])) or "-"
    yield "takes", shown_size(shown["size"])
    if shown["warm"]["wanted"]:
        yield "warm clones", shown_warm(shown["warm"])
    for layer in answer["layers"]:
        yield layer["target"], f"{printable(layer['path'])} ({layer['format']})"


COMMANDS = {
    "show": Command(
        "xm snapshot show [-o FORMAT] DOMAIN SNAPSHOT",
        """\
Tell all about a snapshot: when it was made, in what state its disks are, which images hold them. -o json has the guest
file as it was then, too. Where clones of it are held ready (xm snapshot warm), how many there are, and the memory that
they take: what they share, and what each has of its own.""",
        _options,
        _show,
        examples=(("xm snapshot show web before-upgrade", "all about one"),),
        see_also=("snapshot list", "snapshot diff"),
    )
}
