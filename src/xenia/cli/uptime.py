"""xm uptime."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.errors import report
from xenia.cli.list import named
from xenia.client.domains import not_running
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domains", metavar="DOMAIN", nargs="*", help="only these: name, id, UUID or a unique beginning")
    parser.add_argument("-s", "--short", action="store_true", help="one sentence a domain, without seconds")
    add_output(parser, "table", "json", "yaml")


def _uptime(context: Context, options: Namespace) -> int:
    code = 0
    if options.domains:
        domains, code = named(context, options.domains)
    else:
        domains = context.client.get("/domains?all=false")["domains"]
    now = time.time()
    running = []
    for domain in domains:
        if domain["started_at"] is None:
            failed = report(not_running(domain), json=context.json)
            code = code or failed
        else:
            running.append((domain, max(0, int(now - domain["started_at"]))))
    if options.output != "table":
        from xenia.cli.output import print_data

        print_data([_data(domain, seconds) for domain, seconds in running], options.output)
    elif options.short:
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        for domain, seconds in running:
            print(f" {clock} up {said(seconds, short=True)}, {printable(domain['name'])} ({domain['domid']})")
    elif running or not options.domains:
        print(f"{'Name':<33} {'ID':>4} Uptime")
        for domain, seconds in running:
            print(f"{printable(domain['name']):<33} {domain['domid']:>4} {said(seconds)}")
    return code


def _data(domain: dict[str, Any], seconds: int) -> dict[str, Any]:
    return {"name": domain["name"], "domid": domain["domid"], "uptime": seconds}


def said(seconds: int, *, short: bool = False) -> str:
    """`seconds` as xm says them: `98 days,  2:27:44`, or without the seconds."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    clock = f"{hour:>2}:{minute:02}" + ("" if short else f":{second:02}")
    return f"{days} day{'s' if days > 1 else ''}, {clock}" if days else clock


COMMANDS = {
    "uptime": Command(
        "xm uptime [-s | -o FORMAT] [DOMAIN...]",
        """\
Tell for how long domains have run, Domain-0 (the host itself) among them. A guest that has been started over counts
from then on where it got a new id; one that was started over in place runs on.

The columns are xm's. JSON and YAML have the seconds.""",
        _options,
        _uptime,
        examples=(
            ("xm uptime", "of all that run"),
            ("xm uptime -s winxp", "one sentence: 12:00:01 up 15 days, 20:57, winxp (3)"),
        ),
        see_also=("list", "domstate"),
    ),
}
