"""xm autostart."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.client.errors import usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_LAST = 1 << 31
"""The number of those that have none (model.start_order)."""


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", nargs="?", help="a domain, or its file in /etc/xen")
    parser.add_argument("--disable", action="store_true", help="it starts with the host no more")
    parser.add_argument(
        "--order", metavar="NUMBER", type=_number, help="its place: lower numbers start first, none of them last"
    )
    add_output(parser, "text", "json", "yaml")


def _number(word: str) -> int:
    number = int(word)
    if not 0 <= number < 10**6:
        raise ValueError(word)
    return number


_number.__name__ = "number from 0 to 999999"


def _autostart(context: Context, options: Namespace) -> int:
    if options.domain is None:
        if options.disable or options.order is not None:
            raise usage("autostart: which domain?", "xm autostart DOMAIN; xm list --all shows what is defined")
        return _show(context, options)
    if options.disable and options.order is not None:
        raise usage("autostart: --order goes with a domain that starts", f"xm autostart {options.domain} --disable")
    if not options.domain or "/" in options.domain:
        raise usage("autostart: a domain is named by its name or its file's", "xm list --all shows the names")
    path = f"/autostart/{quote(options.domain)}"
    if options.disable:
        linked = context.client.delete(path, seconds=60)
    else:
        linked = context.client.put(path, {"number": options.order}, seconds=60)
    _tell(linked, options)
    return 0


def _tell(linked: dict[str, Any], options: Namespace) -> None:
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(linked, options.output)
        return
    domain, already = printable(linked["domain"] or linked["file"]), "" if linked["changed"] else " already"
    if linked["link"]:
        print(f"{domain} starts with the host{already}: {printable(linked['link'])}")
    else:
        print(f"{domain} does not start with the host{'' if linked['changed'] else ', as before'}.")


def _show(context: Context, options: Namespace) -> int:
    answer = context.client.get("/autostart", seconds=60)
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(answer, options.output)
        return 0
    from xenia.cli.output import table

    last = answer["last"]
    rows = {row["domain"]: row for row in last["rows"]} if last is not None else {}
    others = [row for name, row in rows.items() if name not in {member["domain"] for member in answer["members"]}]
    lines = [_row(member, rows.get(member["domain"])) for member in answer["members"]]
    lines += [("-", printable(row["domain"]), "-", "-", "-", result(row)) for row in others]
    if lines:
        print(table([("Order", "Domain", "After", "Delay", "Stop", _last_run(last)), *lines]))
    else:
        print("Nothing starts with the host.")
    for member in answer["members"]:
        if member["problem"]:
            say(f"{member['link']} is not started: {member['problem']}")
    for note in last["notes"] if last is not None else ():
        say(note)
    if answer["obstacle"] and answer["members"]:
        say(f"nothing starts with the host: {answer['obstacle']}")
    return 0


def _last_run(last: dict[str, Any] | None) -> str:
    if last is None:
        return "Last run"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(last["began_at"]))
    return f"{last['kind']} of {when}" + ("" if last["ended_at"] is not None else ", under way")


def _row(member: dict[str, Any], row: dict[str, Any] | None) -> tuple[str, ...]:
    order, number = member["order"], member["number"]
    return (
        "-" if number == _LAST else str(number),
        printable(member["domain"]),
        ",".join(map(printable, order["after"])) or "-",
        f"{order['delay']} s" if order["delay"] else "-",
        f"{order['stop_timeout']} s" if order["stop_timeout"] else "-",
        result(row) if row is not None else "-",
    )


def result(row: dict[str, Any]) -> str:
    """What became of a domain in a start or stop of the host."""
    return printable(row["state"] + (f": {row['detail']}" if row["detail"] else ""))


COMMANDS = {
    "autostart": Command(
        "xm autostart [DOMAIN [--order NUMBER | --disable]] [-o FORMAT]",
        """\
Without DOMAIN: show what starts with the host, in order, and what the last start or stop of the host did with each.
With it: let the domain start with the host, or, with --disable, no more.

What starts with the host are the links in /etc/xen/auto (or files there), as xendomains has it. A link whose name
begins with a number, such as 10-db.cfg, has that place in the order; those without a number come after all others, by
name. In the guest file, start_after names domains that must run before, start_delay the seconds that the next one
waits, stop_timeout those that the guest has to shut down with the host; xm config keys start_after explains.

They are started once per boot of the host, when xend comes up, not whenever xend is started; xm host-start starts them
now.""",
        _options,
        _autostart,
        examples=(
            ("xm autostart", "what starts, when, and what became of it?"),
            ("xm autostart db --order 10", "among the first"),
            ("xm autostart web", "after all that have a number"),
            ("xm config set web \"start_after=['db']\"", "and not before db runs"),
            ("xm autostart web --disable", "no more"),
        ),
        see_also=("host-start", "new", "config keys"),
    )
}
