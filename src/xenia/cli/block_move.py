"""xm block-move, block-flatten."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import tell
from xenia.cli.disk.words import NAMES, image_path
from xenia.cli.following import carry_out
from xenia.client.domains import domain_path
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("device", metavar="DEV", help="the disk, by its name in the guest file (xvda)")


def _move_options(parser: ArgumentParser) -> None:
    _options(parser)
    parser.add_argument("path", metavar="NEW", help="the new image; with / at its end, the folder for it")
    parser.add_argument("-f", "--format", metavar="FORMAT", choices=("raw", "qcow2"), help="that of NEW: raw or qcow2")
    parser.add_argument("--delete", action="store_true", help="remove the old image afterwards")
    add_output(parser, "text", "json")


def _move(context: Context, options: Namespace) -> int:
    folder = "/" if options.path.endswith("/") else ""
    body = {
        "device": options.device,
        "path": image_path(options.path).rstrip("/") + folder,
        "format": options.format,
        "delete": options.delete,
    }
    result = carry_out(context, f"{domain_path(options.domain)}/block-move", body)
    disk = result["disk"]
    return tell(
        result, options, printable(f"{disk['target']} of {result['domain']} is {disk['path']} now ({disk['format']})")
    )


def _flatten_options(parser: ArgumentParser) -> None:
    _options(parser)
    add_output(parser, "text", "json")


def _flatten(context: Context, options: Namespace) -> int:
    path = f"{domain_path(options.domain)}/block-flatten"
    result = carry_out(
        context,
        path,
        {"device": options.device},
        cancelled="it is based on the other image still; begin again any time",
    )
    disk = result["disk"]
    return tell(result, options, printable(f"{disk['target']} of {result['domain']} stands alone: {disk['path']}"))


COMMANDS = {
    "block-move": Command(
        "xm block-move [-f FORMAT] [--delete] [-o FORMAT] DOMAIN DEV NEW",
        f"""\
Move a disk of a domain to another image while its guest runs: to another file system, say, or to the other format. The
guest writes on meanwhile, and stands still for the moment in which it changes over; its guest file names NEW then.

NEW is raw, or qcow2 where its name ends so; with / at its end it is a folder, and name and format stay as they are. It
has all that the guest sees: what the old image was based on is not needed any more. There has to be room for that.

The old image stays as it was in that moment, unless --delete removes it. Until then Ctrl-C ends the move and leaves
nothing of NEW; so does the end of xend, and of the guest.
{NAMES}""",
        _move_options,
        _move,
        examples=(
            ("xm block-move web xvda /srv/fast/", "the image keeps its name"),
            ("xm block-move --delete web xvda web.qcow2", "from a raw image to a qcow2 one"),
        ),
        see_also=("block-flatten", "disk convert"),
    ),
    "block-flatten": Command(
        "xm block-flatten [-o FORMAT] DOMAIN DEV",
        """\
Copy into the image of a disk what it is based on, while its guest runs: it stands alone then. When nothing else is
based on the other image, that one may be written to again.

Ctrl-C ends it; what is copied by then stays, and it can be begun again.""",
        _flatten_options,
        _flatten,
        examples=(("xm block-flatten test xvda", "a clone that is to outlive its template"),),
        see_also=("block-move", "disk clone"),
    ),
}
