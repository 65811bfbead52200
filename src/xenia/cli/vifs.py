"""xm network-list."""

from __future__ import annotations

from itertools import zip_longest

from xenia.cli.command import Command, add_output
from xenia.cli.running import running
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Idx", "MAC", "Type", "Model", "Bridge", "Interface", "Addresses")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    answer = running(context, options.domain, "cards", query="?interfaces=true")
    told = {each["vif"]: each["addresses"] for each in answer["interfaces"]}
    vifs = answer["config"]["vifs"]
    whole = zip_longest(vifs, answer["macs"][: len(vifs)], answer["domain"]["vifs"][: len(vifs)])
    cards = [
        {**vif, "mac": mac or vif["mac"], "interface": interface, "addresses": told.get(number, [])}
        for number, (vif, mac, interface) in enumerate(whole)
    ]
    from xenia.cli.output import print_data, table

    if options.output == "json":
        print_data(cards, options.output)
    else:
        print(table([_HEADER, *(_row(number, card) for number, card in enumerate(cards))]))
    return 0


def _row(number: int, card: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    cells = (*(card[name] for name in ("mac", "type", "model", "bridge", "interface")), ",".join(card["addresses"]))
    return (str(number), *(printable(cell or "-") for cell in cells))


COMMANDS = {
    "network-list": Command(
        "xm network-list [-o FORMAT] DOMAIN",
        """\
List the network cards of a running domain: address, kind, the bridge that its guest file names, the host's end of it
(`user` for user-mode networking), and the addresses that the agent in the guest tells, where it has one.""",
        _options,
        _list,
        examples=(("xm network-list web", "a line for each card"), ("xm network-list -o json web", "for programs")),
        see_also=("block-list", "agent", "list"),
    )
}
