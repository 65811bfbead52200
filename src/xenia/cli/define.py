"""xm new and delete: a domain is defined, and is no longer."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.config.ref import guest_file_path
from xenia.cli.errors import say
from xenia.cli.guestfile import open_guest_file
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _new_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the guest file, with or without its .cfg")
    parser.add_argument("words", metavar="key=value", nargs="*", help="keys that are set in the file that is kept")
    _common_options(parser)


def _delete_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a domain, or a file in /etc/xen where several define it")
    _common_options(parser)


def _common_options(parser: ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing unless it fails")
    add_output(parser, "text", "json", "yaml")


def _new(context: Context, options: Namespace) -> int:
    for word in options.words:
        if "=" not in word:
            raise usage(f"new: '{word}' is no key=value", f"xm new {options.file} memory=512")
    file = open_guest_file(options.file, ["."])
    body = {"text": file.text, "file": file.path, "overrides": options.words}
    saved = context.client.post("/guest-files", body, seconds=60)
    _tell(saved, options, f"{printable(saved['file'])} defines domain {printable(saved['domain'])}.")
    return 0


def _delete(context: Context, options: Namespace) -> int:
    saved = context.client.delete(guest_file_path(context, options.name), seconds=60)
    file = printable(saved["file"])
    _tell(saved, options, f"{file} is removed. xm config revert {file.rpartition('/')[2]} brings it back.")
    return 0


def _tell(saved: dict[str, Any], options: Namespace, sentence: str) -> None:
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(saved, options.output)
    elif not options.quiet:
        from xenia.cli.complaints import show_complaints

        for note in saved["notes"]:
            say(note)
        show_complaints(saved["complaints"], notes=False)
        print(sentence)


COMMANDS = {
    "new": Command(
        "xm new FILE [key=value...] [-q] [-o FORMAT]",
        """\
Define a domain without starting it: the guest file is checked and kept in /etc/xen under the domain's name. From then
on xm list --all shows the domain and xm start NAME starts it; FILE itself is not needed any more.

key=value sets a key in the file that is kept. What it names (images, bridges) need not be there yet: xm config check
NAME tells.""",
        _new_options,
        _new,
        examples=(
            ("xm new ./web.cfg", "keep it as /etc/xen/web.cfg"),
            ("xm new ./template.cfg name=web memory=1024", "one of several from a template"),
        ),
        see_also=("start", "delete", "config set", "apply"),
    ),
    "delete": Command(
        "xm delete NAME [-q] [-o FORMAT]",
        """\
Remove the guest file of a domain that does not run from /etc/xen. It starts with the host no
more; its disks stay. The file is kept as a version: xm
config revert brings it back, and the domain has its UUID and its cards' addresses again.

Where several files define the domain, one of them is named.""",
        _delete_options,
        _delete,
        examples=(
            ("xm delete web", "it is defined no more"),
            ("xm config revert web.cfg", "and again"),
        ),
        see_also=("new", "destroy", "config history"),
    ),
}
