"""xm disk resize."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.job import carry_out, made, tell
from xenia.cli.disk.words import NAMES, SIZES, image_path, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("size", metavar="SIZE", type=size, help=f"how large it is to be: {SIZES}")
    add_output(parser, "text", "json")


def _resize(context: Context, options: Namespace) -> int:
    result = carry_out(context, "/images/resize", {"path": image_path(options.image), "size": options.size})
    return tell(result, options, made(result))


COMMANDS = {
    "resize": Command(
        "xm disk resize [-o FORMAT] IMAGE SIZE",
        f"""\
Make a raw or qcow2 image larger. A guest on QEMU may run meanwhile and sees the new size at once; where the disk is an
IDE one, and on Xen, where it has to be off, when it is started. No space is taken by that; partitions and file systems
stay as they are until somebody makes them larger from inside the guest. An image that others are based on is not
changed, and none is made smaller.
{NAMES}""",
        _options,
        _resize,
        examples=(("xm disk resize winxp/hdimage 16g", "16 GiB in all"),),
        see_also=("disk create", "disk info"),
    )
}
