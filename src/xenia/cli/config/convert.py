"""xm config convert."""

from __future__ import annotations

import os

from xenia.cli.command import Command
from xenia.cli.complaints import show_complaints
from xenia.cli.errors import say
from xenia.cli.guestfile import open_guest_file
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a guest file, the name of one in /etc/xen, or libvirt's XML")
    parser.add_argument("words", metavar="key=value", nargs="*", help="keys set instead of or beside it, as for create")
    parser.add_argument(
        "--to", metavar="FORM", choices=("xl", "xm", "json", "libvirt"), required=True, help="xl, xm, json or libvirt"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FORM",
        choices=("guest-file", "libvirt"),
        help="guest-file or libvirt (default: what the text itself tells)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file, which must not be there yet")


def _convert(context: Context, options: Namespace) -> int:
    for word in options.words:
        if "=" not in word:
            raise usage(f"config convert: '{word}' is no key=value", "one file is converted at a time")
    file = open_guest_file(options.file, [".", context.guest_files])
    body = {"text": file.text, "file": file.path, "overrides": options.words, "to": options.to}
    converted = context.client.post("/convert", body | {"source": options.source}, seconds=60)
    show_complaints(converted["complaints"], notes=False)
    for what in converted["lost"]:
        say(f"lost: {what}")
    if options.output is None:
        print(converted["text"], end="")
    else:
        _write(options.output, converted["text"])
    return 0


def _write(path: str, text: str) -> None:
    """A new file, readable by its owner only: VNC passwords may stand in it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ClientError(
            f"{path} is there already", kind="conflict", hint="choose another name, or remove it"
        ) from None
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


COMMANDS = {
    "convert": Command(
        "xm config convert FILE [key=value...] --to FORM [--from FORM] [-o FILE]",
        """\
Write what a guest file means in another form:

  xl       a guest file without Python, as xl of Xen 4.17 reads it
  xm       a guest file in the words of xm, as Xen 3.4 to 4.4 read it
  json     the configuration, as the API tells it
  libvirt  domain XML, for virsh define on a Xen host

FILE may be libvirt's domain XML (virsh dumpxml), of any of its drivers. What the other form has no word for is told on
stderr, each thing on a line that begins with 'xm: lost:' or as a warning with its place. Comments and Python statements
are not carried over: what they computed is written.""",
        _options,
        _convert,
        examples=(
            ("xm config convert winxp --to xl", "without Python, for xl"),
            ("xm config convert web.xml --to xl -o /etc/xen/web.cfg", "from libvirt"),
            ("xm config convert winxp --to libvirt > winxp.xml", "to libvirt"),
        ),
        see_also=("config check", "config explain"),
    )
}
