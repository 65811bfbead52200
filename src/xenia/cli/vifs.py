"""xm network-list, network-attach, network-detach."""

from __future__ import annotations

from itertools import zip_longest

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long, print_devices
from xenia.cli.running import running
from xenia.cli.scope import TAKEN, WHERE, add_no_wait, add_scope, change
from xenia.client.domains import domain_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Idx", "MAC", "Type", "Model", "Bridge", "Interface", "Addresses")
_LINKS = ("link=up", "link=down")
_FIGURES = {
    "rx_bytes": "RxBytes",
    "rx_packets": "RxPackets",
    "rx_dropped": "RxDropped",
    "tx_bytes": "TxBytes",
    "tx_packets": "TxPackets",
    "tx_dropped": "TxDropped",
}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    add_long(parser)
    add_output(parser, "text", "wide", "json")


def _list(context: Context, options: Namespace) -> int:
    answer = running(context, options.domain, "cards", query="?interfaces=true")
    cards = list(_cards(answer))
    from xenia.cli.output import print_data, table
    from xenia.cli.sxp import describe_card

    if options.long:
        print_devices(describe_card(card, card["mac"], _ips(card)) for card in cards)
        return 0
    if options.output != "text":
        _count(context, cards, options.domain)
    if options.output == "json":
        print_data(cards, options.output)
    elif options.output == "wide":
        print(table([(*_HEADER, *_FIGURES.values()), *((*_row(card), *_figures(card)) for card in cards)]))
    else:
        print(table([_HEADER, *map(_row, cards)]))
    return 0


def _cards(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each card with what there is of it on the host."""
    vifs = answer["config"]["vifs"]
    most = len(vifs)
    told = (answer["macs"], answer["domain"]["vifs"], answer["bridges"])
    for vif, mac, interface, bridge in zip_longest(vifs, *(each[:most] for each in told)):
        addresses = [
            {"ip": each["ip"], "source": each["source"]}
            for each in answer["domain"]["addresses"] or ()
            if each["vif"] == vif["item"]
        ]
        yield {**vif, "mac": mac or vif["mac"], "bridge": bridge, "interface": interface, "addresses": addresses}


def _count(context: Context, cards: list[dict[str, Any]], ref: str) -> None:
    """Give each card its `stats`: what has passed, None where nobody counts."""
    (told,) = context.client.get(f"{domain_path(ref)}/stats")["domains"]
    counted = {each["number"]: each for each in told["stats"]["vifs"]}
    for card in cards:
        figures = counted.get(card["item"])
        card["stats"] = None if figures is None else {name: figures[name] for name in _FIGURES}


def _figures(card: dict[str, Any]) -> tuple[str, ...]:
    return tuple("-" if card["stats"] is None else str(card["stats"][name]) for name in _FIGURES)


def _ips(card: dict[str, Any]) -> list[str]:
    return [each["ip"] for each in card["addresses"]]


def _row(card: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    cells = (*(card[name] for name in ("mac", "type", "model", "bridge", "interface")), ",".join(_ips(card)))
    return (str(card["item"]), *(printable(cell or "-") for cell in cells))


def _attach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("words", metavar="KEY=VALUE", nargs="*", help="the card, as in vif = [...] of a guest file")
    add_scope(parser)
    add_no_wait(parser)


def _attach(context: Context, options: Namespace) -> int:
    body = {"spec": ",".join(options.words), "until_taken": not options.no_wait}
    return change(context, options, "network-attach", body)


def _configure_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("card", metavar="CARD", help="its number (Idx of xm network-list) or its address")
    parser.add_argument("link", metavar="link=up|down", choices=_LINKS, help="down: as if its cable were pulled out")
    add_scope(parser)


def _configure(context: Context, options: Namespace) -> int:
    body = {"card": options.card, "link": options.link.removeprefix("link=")}
    return change(context, options, "network-configure", body)


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
List the network cards of a running domain: address, kind, the bridge that it is on, the host's end of it (`user` for
user-mode networking), and its IP addresses, as the guest file (ip=), a lease, the agent in the guest or the host's
table of neighbours tell them. -o wide counts what has passed, as the guest sees it: Rx is what it has received.""",
        _options,
        _list,
        examples=(("xm network-list web", "a line for each card"), ("xm network-list -o wide web", "with counters")),
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
    "network-configure": Command(
        "xm network-configure [--live | --config] [-o FORMAT] DOMAIN CARD link=up|down",
        f"""\
Change how a network card of a domain works. link=down is a card whose cable is pulled out: a guest on QEMU sees that,
one on Xen notices only that nothing comes through. The word is one of vif = [...], too, for a guest that starts so.
{WHERE}""",
        _configure_options,
        _configure,
        examples=(
            ("xm network-configure web 0 link=down", "off the net, now and from the next start on"),
            ("xm network-configure --live web 00:16:3e:01:02:03 link=up", "back, until it ends"),
        ),
        see_also=("network-list", "network-attach", "network-detach"),
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
