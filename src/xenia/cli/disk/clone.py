"""xm disk clone."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.job import carry_out, made, tell
from xenia.cli.disk.words import NAMES, image_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="IMAGE", help="the image that it begins as")
    parser.add_argument("target", metavar="NEW", help="its name, or its path from / on")
    parser.add_argument("--full", action="store_true", help="copy all, so that it stands alone")
    add_output(parser, "text", "json")


def _clone(context: Context, options: Namespace) -> int:
    body = {"source": image_path(options.source), "target": image_path(options.target), "full": options.full}
    result = carry_out(context, "/images/clone", body)
    return tell(result, options, made(result))


COMMANDS = {
    "clone": Command(
        "xm disk clone [--full] [-o FORMAT] IMAGE NEW",
        f"""\
Make an image that begins as another one. It is qcow2 and holds only what differs from IMAGE, which from then on nobody
may write to: its mode is changed so. With --full it is a copy, in the same format, and both stand alone; IMAGE must not
be written to meanwhile. Holes stay holes, and where the file system can (btrfs, XFS) both share what they hold. A copy
is whole or not there; Ctrl-C ends it.
{NAMES}""",
        _options,
        _clone,
        examples=(
            ("xm disk clone debian.qcow2 test.qcow2", "at once, whatever the size"),
            ("xm disk clone --full web.img /backup/web.img", "a copy that needs no other file"),
        ),
        see_also=("disk create", "disk delete"),
    )
}
