"""xm web."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_output(parser, "text", "json", "yaml")


def _web(context: Context, options: Namespace) -> int:
    given = context.client.post("/login-links", {})
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(given, options.output)
        return 0
    print(given["url"])
    minutes = round((given["expires"] - time.time()) / 60)
    say(f"it logs you in once, within {minutes} minutes; whoever has it first is you")
    return 0


COMMANDS = {
    "web": Command(
        "xm web [-o text|json|yaml]",
        """\
Make a link to the page of this host, which logs you in as who you are here: no password is asked for, nor a security
key. It is made on the host itself alone. xenia-web has to run beside xend.""",
        _options,
        _web,
        examples=(
            ("xm web", "a link, to be opened in a browser"),
            ("xdg-open $(xm web)", "open it at once"),
        ),
        see_also=("login", "token create"),
    ),
}
