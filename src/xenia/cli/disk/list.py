"""xm disk list."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import shown_group, shown_pool, shown_size, shown_users
from xenia.cli.errors import say
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HEADER = ("Image", "Format", "Size", "Taken", "Used by")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--unused", action="store_true", help="only those that nobody is known to use")
    add_output(parser, "table", "json")


def _list(context: Context, options: Namespace) -> int:
    answer = context.client.get("/images", seconds=60)
    if options.unused:
        answer["images"] = [each for each in answer["images"] if not each["users"] and not each["clones"]]
    from xenia.cli.output import print_data, table

    if options.output == "json":
        print_data(answer, options.output)
        return 0
    print(table([_HEADER, *map(_row, answer["images"])]))
    for folder in answer["folders"]:
        say(f"{folder['path']}: {shown_size(folder['free'])} free")
    for group in answer["groups"]:
        say(f"volume group {group['name']}: {group['problem']}" if group["problem"] else shown_group(group))
        for pool in group["pools"]:
            say(shown_pool(group, pool))
    for image in answer["images"]:
        if image["problem"]:
            say(f"{image['path']} cannot be used: {image['problem']}")
    if answer["partial"]:
        say("there are more files than a list holds: not all were looked at")
    return 0


def _row(image: dict[str, Any]) -> tuple[str, ...]:
    users = shown_users(image["users"])
    if image["clones"]:
        users = f"{len(image['clones'])} based on it" + ("" if users == "-" else f": {users}")
    taken, form = shown_size(image["allocated"]), image["format"]
    if volume := image["volume"]:
        form = f"{form} ({volume['kind']})"
        if volume["pool"] and volume["filled"] is not None:
            taken = f"{taken} ({volume['filled']:.1f} %)"
    return printable(image["path"]), form, shown_size(image["size"]), taken, users


COMMANDS = {
    "list": Command(
        "xm disk list [--unused] [-o FORMAT]",
        """\
List the images below the folders of images (roots in xend.toml; var/lib/xen): what a guest sees of each, what it takes
on the host, and the disks of which domains it is, by itself or as the base of others. A domain that runs is marked.

Files that can be no disk are left out, and cores as well. --unused lists what no guest file names and nothing is based
on: what may be left over. Volumes of LVM are listed as well, those in the volume_groups of xend.toml.""",
        _options,
        _list,
        examples=(("xm disk list", "all"), ("xm disk list --unused", "what perhaps nobody needs")),
        see_also=("disk info", "block-list"),
    )
}
