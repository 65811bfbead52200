"""xm disk create."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import made, tell
from xenia.cli.disk.words import NAMES, SIZES, VOLUMES, add_no_wipe, add_thin, image_path, size
from xenia.cli.following import carry_out
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("size", metavar="SIZE", nargs="?", type=size, help=SIZES)
    parser.add_argument("-f", "--format", metavar="FORMAT", choices=("raw", "qcow2"), help="raw or qcow2")
    parser.add_argument("-b", "--backing", metavar="IMAGE", default="", help="the image that it is to be based on")
    parser.add_argument("-p", "--preallocate", action="store_true", help="take all its space on the host now")
    add_thin(parser)
    add_no_wipe(parser)
    add_output(parser, "text", "json")


def _create(context: Context, options: Namespace) -> int:
    if options.size is None and not options.backing:
        raise usage("disk create: say how large it is to be", f"xm disk create {options.image} 10g")
    body = {
        "path": image_path(options.image),
        "size": options.size,
        "format": options.format,
        "backing": image_path(options.backing),
        "preallocate": options.preallocate,
        "pool": options.thin,
        "wipe": not options.no_wipe,
    }
    result = carry_out(context, "/images", body)
    return tell(result, options, made(result))


COMMANDS = {
    "create": Command(
        "xm disk create [-f FORMAT] [-p] [-b IMAGE] [--thin POOL] [--no-wipe] [-o FORMAT] IMAGE [SIZE]",
        f"""\
Make an image for a disk of a guest. It is raw, or qcow2 where its name ends so. Both take space on the host only as
their guest writes; --preallocate takes all of it now. Folders are made as needed.

An image with a base (-b) holds what differs from it: the base must not be written to from then on, and its mode is
changed so that it cannot be. Its size is that of the base where none is given.

/dev/GROUP/NAME is a volume of LVM, in one of the volume_groups of xend.toml. It has all its space from the beginning,
and is filled with zeros first: other volumes have left something there (--no-wipe, for administrators, leaves it, and
is done at once). With --thin it is in a thin pool, and takes space as its guest writes.
{NAMES}{VOLUMES}""",
        _options,
        _create,
        examples=(
            ("xm disk create winxp/hdimage 8g", "what dd if=/dev/zero of=... seek=8000 was for"),
            ("xm disk create web.qcow2 20g", "in the format qcow2"),
            ("xm disk create -b debian.qcow2 test.qcow2", "based on another image"),
            ("xm disk create --thin pool0 /dev/vg0/web 20g", "a thin volume"),
        ),
        see_also=("disk list", "disk info"),
    )
}
