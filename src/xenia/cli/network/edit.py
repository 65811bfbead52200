"""xm network edit, delete."""

from __future__ import annotations

import os
import shlex
import sys

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.cli.network.create import read_source
from xenia.cli.network.plan import add_yes, planned, show_plan, sure
from xenia.cli.network.ref import add_network, network_path
from xenia.client.domains import follow, submit
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _edit_options(parser: ArgumentParser) -> None:
    add_network(parser)
    parser.add_argument("--from", dest="source", metavar="FILE", help="take the definition from FILE (- for the input)")
    add_yes(parser)


def _edit(context: Context, options: Namespace) -> int:
    path = network_path(options.network)
    answer = context.client.get(path)
    text = read_source(options.source) if options.source else _edited(answer["text"])
    if text == answer["text"]:
        print("The definition is as it was.")
        return 0
    show_plan(planned(context, options.network, text))
    sure(options, "network edit")
    follow(context.client, submit(context.client, path, {"text": text, "etag": answer["etag"]}, method="put"))
    return 0


def _edited(text: str) -> str:
    """What the user's editor makes of `text`. Raises ClientError."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise usage("network edit: an editor needs a terminal", "xm network edit NETWORK --from FILE")
    import subprocess
    import tempfile

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "editor"
    with tempfile.NamedTemporaryFile("w+", prefix="network-", suffix=".toml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            code = subprocess.run([*shlex.split(editor), file.name], check=False).returncode
        except OSError as error:
            raise ClientError(f"cannot run the editor {editor}: {error.strerror}", hint="name one in $EDITOR") from None
        if code:
            raise ClientError(f"the editor {editor} ended with {code}; nothing was done")
        return read_source(file.name)  # an editor may have put another file in its place


def _delete_options(parser: ArgumentParser) -> None:
    add_network(parser)


def _delete(context: Context, options: Namespace) -> int:
    follow(context.client, submit(context.client, network_path(options.network), {}, method="delete"))
    say(f"network {options.network} is removed, and the host as it was before it")
    return 0


COMMANDS = {
    "edit": Command(
        "xm network edit [--from FILE] [-y] NETWORK",
        """\
Change the definition of a network: in the editor that $VISUAL or $EDITOR names, or by taking the content of FILE. Then
show what that changes on the host, ask, and do it. A definition with a mistake, and one that the host has something
against, is refused with the place and the reason; everything stays as it was then.

Guests keep the addresses that they have until they ask for them anew.""",
        _edit_options,
        _edit,
        examples=(
            ("xm network edit lan", "in an editor"),
            ("xm network edit lan --from lan.toml -y", "from a script"),
        ),
        see_also=("network show", "network plan"),
    ),
    "delete": Command(
        "xm network delete NETWORK",
        """\
Remove a network: its bridge, addresses, rules, DHCP and DNS, what was leased, and its definition. What xend has set
for it in the kernel is as it was before. Refused while a guest runs on it.""",
        _delete_options,
        _delete,
        examples=(("xm network delete lan", ""),),
        see_also=("network create",),
    ),
}
