"""xm snapshot list."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import shown_size
from xenia.cli.snapshot.words import MOMENTS, add_domain, in_tree, shown_time
from xenia.client.domains import domain_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Snapshot", "Made", "Disks are", "Takes", "")


def _options(parser: ArgumentParser) -> None:
    add_domain(parser)
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    answer = context.client.get(f"{domain_path(options.domain)}/snapshots")
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(answer, options.output)
        return 0
    found = answer["snapshots"]
    if not found:
        print(f"domain '{printable(answer['domain'])}' has no snapshots")
        return 0
    rows = [
        (
            lead + printable(each["name"]),
            shown_time(each["at"]),
            MOMENTS[each["moment"]],
            shown_size(each["size"]),
            _remark(each),
        )
        for lead, each in in_tree(found)
    ]
    print(table([_HEADER, *rows]))
    return 0


def _remark(snapshot: dict[str, Any]) -> str:
    warm = snapshot["warm"]
    held = f"{warm['ready']}/{warm['wanted']} clones ready" if warm["wanted"] else ""
    words = ["<- now" if snapshot["current"] else printable(snapshot["description"]), held]
    return "; ".join(filter(None, words))


COMMANDS = {
    "list": Command(
        "xm snapshot list [-o FORMAT] DOMAIN",
        """\
List the snapshots of a domain, each below the one that it was made from. "now" marks the one on which the domain is
based: the last that was made, or that it went back to. What a snapshot takes is what its layers take on the host, and
its memory.""",
        _options,
        _list,
        examples=(("xm snapshot list web", "its tree"),),
        see_also=("snapshot create", "snapshot show"),
    )
}
