"""xm security-key."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.commands import Entry
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

TABLE = (
    Entry("Security keys", "list", "security_key", "List security keys", ("ls",)),
    Entry("Security keys", "remove", "security_key", "Remove a security key"),
    Entry("Security keys", "code", "security_key", "Make a code for one login without a security key"),
)


def _list_options(parser: ArgumentParser) -> None:
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    keys = context.client.get("/security-keys")["security_keys"]
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(keys, options.output)
    elif keys:
        rows = [(each["id"], each["user"], _when(each["created"]), _when(each["used"]), each["label"]) for each in keys]
        print(table([("ID", "User", "Since", "Last used", "Label"), *[tuple(map(printable, row)) for row in rows]]))
    else:
        print("There are none: users add theirs in a browser")
    return 0


def _remove_options(parser: ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="its id, as xm security-key list shows it")


def _remove(context: Context, options: Namespace) -> int:
    gone = context.client.delete(f"/security-keys/{quote(options.key)}")
    print(f"Nobody logs in with the security key {gone['id']} of {printable(gone['user'])} any more.")
    return 0


def _code_options(parser: ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help="a user of the host")
    add_output(parser, "text", "json", "yaml")


def _code(context: Context, options: Namespace) -> int:
    given = context.client.post("/security-keys/codes", {"user": options.user})
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(given, options.output)
    else:
        print(given["code"])
    return 0


def _when(seconds: float | None) -> str:
    return "never" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


COMMANDS = {
    "list": Command(
        "xm security-key list [-o table|json|yaml]",
        "List your security keys; for administrators, everybody's. Their users add them in a browser.",
        _list_options,
        _list,
        examples=(("xm security-key list", "with the time when each was last used"),),
        see_also=("security-key remove", "security-key code"),
    ),
    "remove": Command(
        "xm security-key remove KEY",
        "Remove a security key, for example one that was lost: nobody logs in with it from now on.",
        _remove_options,
        _remove,
        examples=(("xm security-key remove 60f2100f", "remove that one"),),
        see_also=("security-key list", "security-key code"),
    ),
    "code": Command(
        "xm security-key code [-o text|json|yaml] USER",
        """\
Make a code with which USER logs in once, along with the password, where a security key is wanted: for the first login,
or when the key is lost. It is good for a day, until xend ends, or until another one is made. For administrators.""",
        _code_options,
        _code,
        examples=(("xm security-key code lisa", "a code, to be told to nobody but lisa"),),
        see_also=("security-key list", "security-key remove"),
    ),
}
