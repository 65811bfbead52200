"""xm disk delete."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import tell
from xenia.cli.disk.words import NAMES, VOLUMES, image_path
from xenia.cli.following import carry_out
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("--force", action="store_true", help="also where a guest file names it")
    add_output(parser, "text", "json")


def _delete(context: Context, options: Namespace) -> int:
    body = {"path": image_path(options.image), "force": options.force}
    result = carry_out(context, "/images/delete", body)
    return tell(result, options, f"{printable(result['path'])} is gone")


COMMANDS = {
    "delete": Command(
        "xm disk delete [--force] [-o FORMAT] IMAGE",
        f"""\
Remove an image with all that is in it. It is refused while a domain runs from it, a guest file names it (unless
--force) or other images are based on it, with the names of those. When nothing is based on its base any more, that
one may be written to again.
{NAMES}{VOLUMES}""",
        _options,
        _delete,
        examples=(("xm disk list --unused", "look first"), ("xm disk delete old.img", "there is no way back")),
        see_also=("disk list", "disk info"),
    )
}
