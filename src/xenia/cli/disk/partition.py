"""xm disk partition."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.info import content
from xenia.cli.disk.words import NAMES, SIZES, image_path, size
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.client.errors import usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

KINDS = ("linux", "swap", "efi", "lvm", "windows", "bios")


def new_partition(word: str) -> dict[str, Any]:
    """`512m,efi`, `rest`, `20g,linux,boot`: as xend is told of it."""
    first, *others = word.split(",")
    boot = "boot" in others
    kinds = [each for each in others if each != "boot"] or ["linux"]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise ValueError(word)
    return {"size": None if first == "rest" else size(first), "kind": kinds[0], "boot": boot}


new_partition.__name__ = "partition (SIZE or rest, then a kind: 512m,efi)"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("--table", metavar="TABLE", choices=("gpt", "mbr"), help="make a table: gpt or mbr")
    parser.add_argument(
        "--add",
        metavar="SIZE[,KIND]",
        action="append",
        type=new_partition,
        default=[],
        help=f"with a partition; SIZE is {SIZES}, or rest",
    )
    parser.add_argument("--force", action="store_true", help="also where there is something already")
    add_output(parser, "text", "json")


def _partition(context: Context, options: Namespace) -> int:
    path = image_path(options.image)
    if options.table is None and (options.add or options.force):
        raise usage("disk partition: say which table is made", f"xm disk partition --table gpt ... {options.image}")
    if options.table is None:
        info = context.client.get(f"/images/info?path={quote(path)}")
        result = {"path": info["image"]["path"], "layout": info["layout"], "notes": info["notes"]}
    else:
        body = {"path": path, "table": options.table, "partitions": options.add, "force": options.force}
        result = carry_out(context, "/images/partition", body)
    for note in result["notes"]:
        say(note)
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
    else:
        print("\n".join(map(printable, [result["path"], *content(result["layout"])])))
    return 0


COMMANDS = {
    "partition": Command(
        "xm disk partition [--table TABLE [--add SIZE[,KIND]]... [--force]] [-o FORMAT] IMAGE",
        f"""\
Show the partitions in an image; with --table, make a new table of them, without mounting anything. Its guest has to be
off. A disk that has a table or a file system already is left as it is, unless --force: what it holds is lost then.

Each --add is one partition, in this order: its size, or rest for what is left; then its kind, where it is not linux:
{", ".join(KINDS[1:-1])}, or {KINDS[-1]} (GRUB's own, on a gpt disk that no UEFI starts from); and the word boot for the
one that firmware of old starts from. They begin at whole MiB. No file systems are made: guests do that, or debootstrap
and the like.
{NAMES}""",
        _options,
        _partition,
        examples=(
            ("xm disk partition web.img", "look"),
            ("xm disk partition --table gpt --add 512m,efi --add rest web.img", "for a UEFI guest"),
            ("xm disk partition --table mbr --add rest,windows,boot winxp/hdimage", "as of old"),
        ),
        see_also=("disk info", "disk create"),
    )
}
