"""xm audit."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.client.errors import usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_LAST = "50"
_MOST = 10_000
_WORDS = {
    "POST /v1/login": "login",
    "POST /v1/logout": "logout",
    "POST /v1/domains": "create",
    "POST /v1/restore": "restore",
    "POST /v1/host/start": "host-start",
    "POST /v1/host/stop": "host-stop",
    "POST /v1/tokens": "token create",
}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--last", metavar="N", default=_LAST, help=f"so many last ones (default: {_LAST})")
    parser.add_argument("-d", "--domain", metavar="DOMAIN", default="", help="what was asked of this domain alone")
    parser.add_argument("-u", "--user", metavar="USER", default="", help="what this user did alone")
    add_output(parser, "table", "json", "yaml")


def _audit(context: Context, options: Namespace) -> int:
    last = options.last
    if not (last.isascii() and last.isdigit() and len(last) < 6 and int(last) <= _MOST):
        raise usage(f"audit: '{last}' is no number from 0 to {_MOST}", "xm audit -n 20")
    wanted = "".join(
        f"&{name}={quote(word)}" for name, word in (("user", options.user), ("domain", options.domain)) if word
    )
    deeds = context.client.get(f"/audit?last={last}{wanted}")["deeds"]
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(deeds, options.output)
    elif deeds:
        head = ("When", "User", "Role", "From", "What", "Status")
        print(table([head, *[tuple(map(printable, _row(each))) for each in deeds]]))
    else:
        print("Nothing is written there.")
    return 0


def _row(deed: dict[str, Any]) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(deed["time"]))
    known = (deed["user"] or "-", deed["role"] or "-", deed["address"] or "this host")
    return (when, *known, in_words(deed["method"], deed["path"]), str(deed["status"]))


def in_words(method: str, path: str) -> str:
    """What a request was for, as xm would say it; the request itself where xm has no one word for it."""
    asked = f"{method} {path}"
    parts = path.removeprefix("/v1/").split("/")
    match method, parts:
        case "POST" | "WEBSOCKET", ["domains", domain, verb] if verb != "snapshots":
            return f"{verb} {domain}"
        case "POST", ["domains", domain, "snapshots"]:
            return f"snapshot create {domain}"
        case "DELETE", ["domains", domain, "snapshots", snapshot]:
            return f"snapshot delete {domain} {snapshot}"
        case "POST", ["domains", domain, "snapshots", snapshot, verb]:
            return f"snapshot {verb} {domain} {snapshot}"
        case "POST", ["images"]:
            return "disk create"
        case "POST", ["images", verb]:
            return f"disk {verb}"
        case "DELETE", ["tokens", token]:
            return f"token revoke {token}"
    return _WORDS.get(asked, asked)


COMMANDS = {
    "audit": Command(
        "xm audit [-n N] [-d DOMAIN] [-u USER] [-o table|json|yaml]",
        """\
Show who did what: each request that could change something, each console and screen that was opened, and each login,
with the HTTP status that it was answered with (below 400: done; 401: nobody knew them; 403: they may not). For
administrators. It is var/log/xenia/audit.log below xend's root, and turned over at 10 MiB; five old ones are kept
beside it, and read as well.""",
        _options,
        _audit,
        examples=(
            ("xm audit", "what was done last"),
            ("xm audit -n 500 -u lisa", "what lisa did, the last 500 times"),
            ("xm audit -d web", "what was asked of web, and is still written down"),
        ),
        see_also=("log", "token list"),
    ),
}
