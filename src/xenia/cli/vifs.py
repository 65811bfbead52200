"""xm network-list, network-attach, network-detach."""

from __future__ import annotations

from itertools import zip_longest

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long, print_devices
from xenia.cli.running import running
from xenia.cli.scope import TAKEN, WHERE, add_no_wait, add_scope, change
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Idx", "MAC", "Type", "Model", "Bridge", "Interface", "Addresses")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    add_long(parser)
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    answer = running(context, options.domain, "cards", query="?interfaces=true")
    told = {each["vif"]: each["addresses"] for each in answer["interfaces"]}
    vifs = answer["config"]["vifs"]
    whole = zip_longest(vifs, answer["macs"][: len(vifs)], answer["domain"]["vifs"][: len(vifs)])
    cards = [
        {**vif, "mac": mac or vif["mac"], "interface": interface, "addresses": told.get(vif["item"], [])}
        for vif, mac, interface in whole
    ]
    from xenia.cli.output import print_data, table
    from xenia.cli.sxp import describe_card

    if options.long:
        print_devices(describe_card(card, card["mac"], card["addresses"]) for card in cards)
    elif options.output == "json":
        print_data(cards, options.output)
    else:
        print(table([_HEADER, *map(_row, cards)]))
    return 0


def _row(card: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    cells = (*(card[name] for name in ("mac", "type", "model", "bridge", "interface")), ",".join(card["addresses"]))
    return (str(card["item"]), *(printable(cell or "-") for cell in cells))


def _attach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("words", metavar="KEY=VALUE", nargs="*", help="the card, as in vif = [...] of a guest file")
    add_scope(parser)
    add_no_wait(parser)


def _attach(context: Context, options: Namespace) -> int:
    body = {"spec": ",".join(options.words), "until_taken": not options.no_wait}
    return change(context, options, "network-attach", body)


def _detach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("card", metavar="CARD", help="its number (Idx of xm network-list) or its address")
    add_scope(parser)


def _detach(context: Context, options: Namespace) -> int:
    return change(context, options, "network-detach", {"card": options.card})


COMMANDS = {
    "network-list": Command(
        "xm network-list [-l | -o FORMAT] DOMAIN",
        """\
List the network cards of a running domain: address, kind, the bridge that its guest file names, the host's end of it
(`user` for user-mode networking), and the addresses that the agent in the guest tells, where it has one.""",
        _options,
        _list,
        examples=(("xm network-list web", "a line for each card"), ("xm network-list -o json web", "for programs")),
        see_also=("network-attach", "network-detach", "agent"),
    ),
    "network-attach": Command(
        "xm network-attach [--no-wait] [--live | --config] [-o FORMAT] DOMAIN [KEY=VALUE...]",
        f"""\
Plug a network card into a domain. The words are those of an item of vif = [...] in a guest file; without any it
is a card on the default bridge, with an address of its own. On Xen it is Xen's own card, also in an HVM guest, which
has an emulated one beside it only from its next start on.
{TAKEN}
{WHERE}""",
        _attach_options,
        _attach,
        examples=(
            ("xm network-attach web", "on the default bridge"),
            ("xm network-attach web bridge=dmz mac=00:16:3e:00:00:07", "where and as what"),
        ),
        see_also=("network-list", "network-detach"),
    ),
    "network-detach": Command(
        "xm network-detach [--live | --config] [-o FORMAT] DOMAIN CARD",
        f"""\
Unplug a network card from a domain: the guest is asked to let go of it, and has ten seconds for that. A guest
that does not let go keeps it; on QEMU, which cannot take the request back, until it does so later.
{WHERE}""",
        _detach_options,
        _detach,
        examples=(
            ("xm network-detach web 1", "by its number"),
            ("xm network-detach web 00:16:3e:00:00:07", "by its address"),
        ),
        see_also=("network-list", "network-attach"),
    ),
}
