"""xm config show."""

from __future__ import annotations

import sys

from xenia.cli.command import Command, add_output
from xenia.cli.config.ref import add_ref, guest_file_path
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("--running", action="store_true", help="as the domain runs, not as its file wants it")
    parser.add_argument(
        "--version", metavar="N", type=int, help="an earlier version, as xm config history numbers them"
    )
    add_output(parser, "text", "json", "yaml")


def _show(context: Context, options: Namespace) -> int:
    if options.running and options.version is not None:
        raise usage("config show: --running and --version do not go together", "leave one of them out")
    if options.running:
        answer = context.client.get(f"{domain_path(options.name)}/guest-file")
    elif options.version is not None:
        answer = context.client.get(f"{guest_file_path(context, options.name)}/versions/{options.version}")
    else:
        answer = context.client.get(guest_file_path(context, options.name))
    if options.output == "text":
        _print(answer["text"])
        return 0
    from xenia.cli.output import print_data

    print_data({key: answer[key] for key in answer if key not in ("complaints",)}, options.output)
    return 0


def _print(text: str) -> None:
    """As it is, unless a terminal would take something in it for a command."""
    if sys.stdout is not None and sys.stdout.isatty():
        text = "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.splitlines()) + "\n"
    print(text, end="" if text.endswith("\n") else "\n")


COMMANDS = {
    "show": Command(
        "xm config show NAME [--running | --version N] [-o FORMAT]",
        """\
Show the guest file of a domain: what is wanted of it. With --running it is the domain as it runs, as a guest file that
would start it again just so: what was given on the command line, and what was decided for it (its UUID, the addresses
of its cards), are in it.

-o json prints {"file", "etag", "text", "domain", "values"}; "values" are the values by key. With --running it is
{"domain", "domid", "text"}, with --version {"text"}.""",
        _options,
        _show,
        examples=(
            ("xm config show web", "/etc/xen/web.cfg, or whatever file defines web"),
            ("xm config show web --running > web-now.cfg", "the domain as it runs"),
            ("xm config show web -o json", "the values, for a program"),
        ),
        see_also=("config diff", "config history"),
    )
}
