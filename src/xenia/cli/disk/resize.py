"""xm disk resize."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import made, tell
from xenia.cli.disk.words import NAMES, SIZES, VOLUMES, add_no_wipe, image_path, size
from xenia.cli.following import carry_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("size", metavar="SIZE", type=size, help=f"how large it is to be: {SIZES}")
    parser.add_argument("--shrink", action="store_true", help="also smaller than it is")
    add_no_wipe(parser)
    add_output(parser, "text", "json")


def _resize(context: Context, options: Namespace) -> int:
    body = {
        "path": image_path(options.image),
        "size": options.size,
        "shrink": options.shrink,
        "wipe": not options.no_wipe,
    }
    result = carry_out(context, "/images/resize", body)
    return tell(result, options, made(result))


COMMANDS = {
    "resize": Command(
        "xm disk resize [--shrink] [--no-wipe] [-o FORMAT] IMAGE SIZE",
        f"""\
Make a raw or qcow2 image, or a volume of LVM, larger. A guest on QEMU may run meanwhile and sees the new size at once;
where the disk is an IDE one, and on Xen, where it has to be off, when it is started. No space is taken by that;
partitions and file systems stay as they are until somebody makes them larger from inside the guest. An image that
others are based on is not changed.

With --shrink an image is made smaller, while no guest has it: what lies behind its new end is lost. That is refused
where a partition ends there, or a file system of a disk without partitions; make those smaller first, from inside the
guest. What is not known here is not noticed. The second table of a GPT is moved to the new end. An image that is based
on another one, is part of a snapshot or belongs to a suspended domain is not made smaller, nor is a volume of LVM.

A volume of LVM takes what it gets from its group, or its thin pool as its guest writes. What a thick one gets is filled
with zeros first: other volumes have left something there (--no-wipe, for administrators, leaves it).
{NAMES}{VOLUMES}""",
        _options,
        _resize,
        examples=(
            ("xm disk resize winxp/hdimage 16g", "16 GiB in all"),
            ("xm disk resize --shrink winxp/hdimage 8g", "8 GiB, where all partitions end before"),
        ),
        see_also=("disk create", "disk info"),
    )
}
