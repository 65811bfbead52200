"""xm disk convert."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import made, tell
from xenia.cli.disk.words import NAMES, VOLUMES, add_thin, image_path
from xenia.cli.following import carry_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="IMAGE", help="the image that is read")
    parser.add_argument("target", metavar="NEW", help="its name, or its path from / on")
    parser.add_argument("-f", "--format", metavar="FORMAT", choices=("raw", "qcow2"), help="that of NEW: raw or qcow2")
    parser.add_argument("--raw", action="store_true", help="IMAGE is a raw disk, whatever it begins like")
    add_thin(parser)
    add_output(parser, "text", "json")


def _convert(context: Context, options: Namespace) -> int:
    body = {
        "source": image_path(options.source),
        "target": image_path(options.target),
        "format": options.format,
        "raw": options.raw,
        "pool": options.thin,
    }
    result = carry_out(context, "/images/convert", body)
    return tell(result, options, made(result))


COMMANDS = {
    "convert": Command(
        "xm disk convert [-f FORMAT] [--raw] [--thin POOL] [-o FORMAT] IMAGE NEW",
        f"""\
Make an image in another format of one that is raw, qcow2, vmdk (VMware), vhd or vhdx (Microsoft), vdi (VirtualBox), qed
or qcow. The new one is raw, or qcow2 where its name ends so, and stands alone: what a qcow2 image is based on is in it.
Holes stay holes. IMAGE stays as it is, and must not be written to meanwhile.

IMAGE is what its header says, and xm tells which format that was. A guest can write any header to its raw disk: say
--raw for one of a guest that you do not trust, unless its guest file is here and says so.

IMAGE is read by a program without rights, which gets the bytes of that file and of what it is based on below the
folders of images. One whose content is in other files (a VMDK of several extents, a snapshot of VMware's) is refused.
There has to be room for what it holds; NEW is whole or not there, and Ctrl-C ends it. A volume of LVM is always raw.
{NAMES}{VOLUMES}""",
        _options,
        _convert,
        examples=(
            ("xm disk convert /srv/old.vmdk web.qcow2", "a disk of VMware's"),
            ("xm disk convert test.qcow2 alone.qcow2", "without the image that it is based on"),
            ("xm disk convert web.qcow2 /dev/vg0/web", "to a volume"),
            ("xm disk convert -f raw web.qcow2 web/hdimage", "as plain as the disk itself"),
        ),
        see_also=("disk info", "disk clone"),
    )
}
