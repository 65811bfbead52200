"""xm token."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.commands import Entry
from xenia.client.errors import usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

TABLE = (
    Entry("Tokens", "create", "token", "Make a token for a program"),
    Entry("Tokens", "list", "token", "List logins and tokens", ("ls",)),
    Entry("Tokens", "revoke", "token", "End a login or a token"),
)


def _create_options(parser: ArgumentParser) -> None:
    parser.add_argument("label", metavar="LABEL", help="what it is for")
    parser.add_argument("--role", choices=("viewer", "operator", "administrator"), help="no more than this")
    parser.add_argument("--days", metavar="N", default="90", help="how long it is good for (default: 90)")
    add_output(parser, "text", "json", "yaml")


def _create(context: Context, options: Namespace) -> int:
    if not (options.days.isascii() and options.days.isdigit() and len(options.days) < 6):
        raise usage(f"token create: '{options.days}' is no number of days", "xm token create --days 30 LABEL")
    body = {"label": options.label, "role": options.role, "days": int(options.days)}
    given = context.client.post("/tokens", body)
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(given, options.output)
    else:
        print(given["secret"])
    return 0


def _list_options(parser: ArgumentParser) -> None:
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    tokens = context.client.get("/tokens")["tokens"]
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(tokens, options.output)
    elif tokens:
        rows = [
            (
                *(each[member] for member in ("id", "kind", "user", "role")),
                _day(each["expires"]),
                _day(each["used"]),
                each["label"],
            )
            for each in tokens
        ]
        head = ("ID", "Kind", "User", "Role", "Until", "Last used", "Label")
        print(table([head, *[tuple(map(printable, row)) for row in rows]]))
    else:
        print("There are none: xm token create LABEL")
    return 0


def _day(seconds: float | None) -> str:
    return "never" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _revoke_options(parser: ArgumentParser) -> None:
    parser.add_argument("token", metavar="TOKEN", help="its id, as xm token list shows it")


def _revoke(context: Context, options: Namespace) -> int:
    ended = context.client.delete(f"/tokens/{quote(options.token)}")
    print(f"The {'login' if ended['kind'] == 'session' else 'token'} {ended['id']} is worth nothing any more.")
    return 0


COMMANDS = {
    "create": Command(
        "xm token create [--role ROLE] [--days N] [-o text|json|yaml] LABEL",
        """\
Make a token, with which a program comes over the network as you: it sends it as Authorization: Bearer TOKEN. It is
shown this once, and may do what you may, or less.""",
        _create_options,
        _create,
        examples=(
            ("xm token create --role viewer --days 365 prometheus", "one that may look, for a year"),
            ("xm token create backup >/etc/backup.token", "keep it where the program finds it"),
        ),
        see_also=("token list", "token revoke", "login"),
    ),
    "list": Command(
        "xm token list [-o table|json|yaml]",
        "List your logins and tokens; for administrators, everybody's.",
        _list_options,
        _list,
        examples=(("xm token list", "with the time when each was last used"),),
        see_also=("token create", "token revoke"),
    ),
    "revoke": Command(
        "xm token revoke TOKEN",
        "End a login or a token: it is worth nothing from now on.",
        _revoke_options,
        _revoke,
        examples=(("xm token revoke 60f2100f", "end that one"),),
        see_also=("token list",),
    ),
}
