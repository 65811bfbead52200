"""xm disk clone."""

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
    parser.add_argument("source", metavar="IMAGE", help="the image that it begins as")
    parser.add_argument("target", metavar="NEW", help="its name, or its path from / on")
    parser.add_argument("--full", action="store_true", help="copy all, so that it stands alone")
    add_thin(parser)
    add_output(parser, "text", "json")


def _clone(context: Context, options: Namespace) -> int:
    body = {
        "source": image_path(options.source),
        "target": image_path(options.target),
        "full": options.full,
        "pool": options.thin,
    }
    result = carry_out(context, "/images/clone", body)
    return tell(result, options, made(result))


COMMANDS = {
    "clone": Command(
        "xm disk clone [--full [--thin POOL]] [-o FORMAT] IMAGE NEW",
        f"""\
Make an image that begins as another one. It is qcow2 and holds only what differs from IMAGE, which from then on nobody
may write to: its mode is changed so. With --full it is a copy, in the same format, and both stand alone; IMAGE must not
be written to meanwhile. Holes stay holes, and where the file system can (btrfs, XFS) both share what they hold. A copy
is whole or not there; Ctrl-C ends it.

Of a thin volume of LVM another one is made in its pool, at once: both share what is the same, and none needs the other.
With --full, NEW may be a volume, thick or (--thin) thin, or a file, whatever IMAGE is.
{NAMES}{VOLUMES}""",
        _options,
        _clone,
        examples=(
            ("xm disk clone debian.qcow2 test.qcow2", "at once, whatever the size"),
            ("xm disk clone --full web.img /backup/web.img", "a copy that needs no other file"),
            ("xm disk clone /dev/vg0/debian /dev/vg0/test", "a thin volume, at once"),
        ),
        see_also=("disk create", "disk delete"),
    )
}
