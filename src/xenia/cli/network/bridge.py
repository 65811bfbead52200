"""xm network bridge and confirm."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.client.domains import follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_SECONDS = 70.0

_STATES = {
    "none": "there is no such bridge",
    "bare": "without a card: its guests reach each other, and nothing else",
    "moving": "being changed just now",
    "taken": "over the card {card}",
    "others": "made and kept by others than xend",
}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="make it as the settings want it, now")
    add_output(parser, "text", "json", "yaml")


def _bridge(context: Context, options: Namespace) -> int:
    if options.apply:
        job = follow(context.client, submit(context.client, "/host/bridge/apply", {}))
        _tell(job["result"]["bridge"], options)
    else:
        _tell(context.client.get("/host/bridge"), options)
    return 0


def _confirm_options(parser: ArgumentParser) -> None:
    add_output(parser, "text", "json", "yaml")


def _confirm(context: Context, options: Namespace) -> int:
    _tell(context.client.post("/host/bridge/confirm", {}, seconds=_SECONDS), options)
    return 0


def _tell(bridge: dict[str, Any], options: Namespace) -> None:
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(bridge, options.output)
        return
    from xenia.cli.output import table

    rows = [("Bridge", printable(bridge["name"])), ("State", _state(bridge))]
    if bridge["state"] == "others":
        rows.append(("Card", printable(bridge["card"]) or "none that the settings name"))
    rows.append(("Setting", printable(f'bridge.interface = "{bridge["interface"]}"')))
    if bridge["message"]:
        rows.append(("Because", printable(bridge["message"])))
    print(table(rows))
    if bridge["state"] == "waiting":
        print(
            f"\nConfirm within {bridge['seconds']:.0f} seconds that the host is still reached, or the card has all"
            " back:\n  xm network confirm"
        )


def _state(bridge: dict[str, Any]) -> str:
    if bridge["state"] == "waiting":
        return f"over the card {printable(bridge['card'])}, for {bridge['seconds']:.0f} seconds more"
    return _STATES[bridge["state"]].format(card=printable(bridge["card"]))


COMMANDS = {
    "bridge": Command(
        "xm network bridge [--apply] [-o FORMAT]",
        """\
Show how it is with the bridge of the host, xenbr0, to which cards of guests go that name no other.

Which card of the host it is put over says the setting bridge.interface: a name; nothing, for a bridge without a card,
where the host's network is not touched; none, for no bridge. xend brings that about when it starts, and --apply does
it at once.

A card that is taken becomes a port of the bridge, and the bridge gets all that the card has: its address on the wire,
IPv4 and IPv6 addresses, routes of all tables, rules, neighbours, the kernel's settings. Connections live on, and so
does the login that you type this in. The card keeps its name and also answers to its old one under xend (peth0).

Whether the gateway still answers is tried before and after; if it does not, the card has all back at once. If it does,
somebody has to confirm within two minutes that the host is still reached (xm network confirm), for firewalls may know
the card by its name. If nobody does, the card has all back as well: a process of its own sees to that, also when xend
is dead. What has been confirmed once is taken without asking when the host is booted again.

A card that others give its addresses (dhclient, systemd-networkd, NetworkManager) is refused: let them make the bridge,
and xend uses it. To give a card back: set bridge.interface to nothing, and --apply.""",
        _options,
        _bridge,
        examples=(
            ("xm network bridge", "how is it?"),
            ("xm network bridge --apply", "put it over the card that bridge.interface names"),
        ),
        see_also=("network confirm", "network-list"),
    ),
    "confirm": Command(
        "xm network confirm [-o FORMAT]",
        """\
Say that the host is still reached, after xm network bridge --apply or a start of xend has put its bridge over a card:
the card stays where it is. It is best typed over the network, in a new login.""",
        _confirm_options,
        _confirm,
        examples=(("xm network confirm", "I am still here"),),
        see_also=("network bridge",),
    ),
}
