"""xm block-bitmap-list, block-bitmap-create, block-bitmap-delete."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import shown_size
from xenia.client.domains import domain_path, follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

_HEADER = ("Vdev", "Bitmap", "Changed", "State")


def _domain_option(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")


def _list_options(parser: ArgumentParser) -> None:
    _domain_option(parser)
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    from xenia.cli.output import print_data, table

    bitmaps = context.client.get(f"{domain_path(options.domain)}/block-bitmaps")["bitmaps"]
    if options.output == "json":
        print_data(bitmaps, options.output)
        return 0
    rows = [
        tuple(map(printable, (each["target"], each["name"], shown_size(each["changed"]), each["problem"] or "records")))
        for each in bitmaps
    ]
    print(table([_HEADER, *rows]))
    return 0


def _options(parser: ArgumentParser) -> None:
    _domain_option(parser)
    parser.add_argument("device", metavar="DEV", help="the disk, by its name in the guest file (xvda)")
    parser.add_argument("name", metavar="NAME", help="of the bitmap: letters, digits and . _ -")


def _create(context: Context, options: Namespace) -> int:
    return _do(context, options, "create")


def _delete(context: Context, options: Namespace) -> int:
    return _do(context, options, "delete")


def _do(context: Context, options: Namespace, verb: str) -> int:
    path = f"{domain_path(options.domain)}/block-bitmap-{verb}"
    follow(context.client, submit(context.client, path, {"device": options.device, "name": options.name}))
    return 0


_SEE_ALSO = ("block-export", "block-list")

COMMANDS = {
    "block-bitmap-list": Command(
        "xm block-bitmap-list [-o FORMAT] DOMAIN",
        """\
List the bitmaps of a running domain's disks: how much of the disk was changed since each was made, in whole blocks,
and whether it records. One whose guest did not end in order (its QEMU was killed, the host crashed) cannot be used:
what was changed is not known.""",
        _list_options,
        _list,
        examples=(("xm block-bitmap-list web", "its bitmaps, and which of them can be used"),),
        see_also=_SEE_ALSO,
    ),
    "block-bitmap-create": Command(
        "xm block-bitmap-create DOMAIN DEV NAME",
        """\
Record from now on which blocks of a disk are changed, so that the next backup reads those alone: xm block-export
--bitmap tells them. The bitmap is kept in the image, which has to be qcow2, also when the guest, xend or the host is
started anew. Make it before the export that its backup is to follow, and give each a new name.

A snapshot ends the bitmaps of a disk, and so do a move, a clone of the domain while it runs, and a crash of QEMU or the
host: then there is none, or it says that it cannot be used, and the next backup has to be a full one.""",
        _options,
        _create,
        examples=(("xm block-bitmap-create web xvda monday", "then the full backup: xm block-export web xvda"),),
        see_also=_SEE_ALSO,
    ),
    "block-bitmap-delete": Command(
        "xm block-bitmap-delete DOMAIN DEV NAME",
        "Forget a bitmap: a later one tells what the next backup has to read, or it cannot be used.",
        _options,
        _delete,
        examples=(("xm block-bitmap-delete web xvda monday", "once the backup is done that has read it"),),
        see_also=_SEE_ALSO,
    ),
}
