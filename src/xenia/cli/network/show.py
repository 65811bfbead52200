"""xm network list, show."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.network.ref import add_network, network_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Name", "Mode", "Bridge", "Subnets", "State", "Guests")


def _list_options(parser: ArgumentParser) -> None:
    add_output(parser, "table", "json", "yaml", "name")


def _list(context: Context, options: Namespace) -> int:
    answer = context.client.get("/networks")
    if options.output == "name":
        for row in answer["networks"]:
            print(printable(row["name"]))
        return 0
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(answer, options.output)
        return 0
    rows = [_row(row) for row in answer["networks"]]
    rows += [("-", "bridge", bridge["name"], "-", "-", _guests(bridge)) for bridge in answer["bridges"]]
    print(table([_HEADER, *(tuple(map(printable, row)) for row in rows)]))
    for row in answer["networks"]:
        if row["problem"]:
            print(f"{printable(row['name'])}: {printable(row['problem'])}")
    return 0


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    network = row["network"]
    if network is None:
        return row["name"], "-", "-", "-", row["state"], _guests(row)
    subnets = ",".join(each["address"] for each in (network["ipv4"], network["ipv6"]) if each)
    return row["name"], network["mode"], network["bridge"], subnets or "-", row["state"], _guests(row)


def _guests(row: dict[str, Any]) -> str:
    return ",".join(row["guests"]) or "-"


def _show_options(parser: ArgumentParser) -> None:
    add_network(parser)
    add_output(parser, "text", "json", "yaml")


def _show(context: Context, options: Namespace) -> int:
    answer = context.client.get(network_path(options.network))
    from xenia.cli.output import print_data, table

    if options.output != "text":
        print_data(answer, options.output)
        return 0
    row, text = answer["network"], answer["text"]
    state = f"{row['state']}: {row['problem']}" if row["problem"] else row["state"]
    lines = [("file", row["file"]), ("state", state), ("guests", " ".join(row["guests"]) or "none runs on it")]
    print(table([tuple(map(printable, line)) for line in lines]))
    for line in text.splitlines():
        print(f"  {printable(line)}".rstrip())
    if answer["leases"]:
        print()
        rows = [("Address", "MAC", "Name", "Until"), *map(_lease, answer["leases"])]
        print(table(rows))
    return 0


def _lease(lease: dict[str, Any]) -> tuple[str, ...]:
    until = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(lease["until"])) if lease["until"] else "for ever"
    return (*(printable(lease[key] or "-") for key in ("ip", "mac", "name")), until)


COMMANDS = {
    "list": Command(
        "xm network list [-o FORMAT]",
        """\
List the networks of this host, one line for each: its mode, its bridge, the host's addresses in it, its state, and the
domains that run on it. Bridges of the host that belong to no network are listed below them: a card of a guest may be
on one of those as well (bridge=NAME).

  up       it is as its definition says
  changed  its definition was changed since it was applied
  failed   it could not be applied: the reason is told below
  invalid  its definition cannot be read; what was applied before holds
  gone     its definition was removed; xm network apply takes the rest away""",
        _list_options,
        _list,
        examples=(("xm network list", ""), ("xm network list -o json", "for programs")),
        see_also=("network show", "network create", "network-list"),
    ),
    "show": Command(
        "xm network show [-o FORMAT] NETWORK",
        "Show one network: its definition, its state, the domains on it, and the addresses that DHCP has given.",
        _show_options,
        _show,
        examples=(("xm network show lan", ""),),
        see_also=("network list", "network edit"),
    ),
}
