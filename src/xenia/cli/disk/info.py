"""xm disk info."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.words import NAMES, VOLUMES, image_path, shown_group, shown_pool, shown_size, shown_users
from xenia.cli.errors import say
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_LOCKS = {"": "nobody has it open", "reading": "open for reading", "writing": "open for writing"}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    add_output(parser, "text", "json", "yaml")


def _info(context: Context, options: Namespace) -> int:
    info = context.client.get(f"/images/info?path={quote(image_path(options.image))}")
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(info, options.output)
        return 0
    for note in info["notes"]:
        say(note)
    print("\n".join(printable(line) for line in _lines(info)))
    return 0


def _lines(info: dict[str, Any]) -> list[str]:
    image = info["image"]
    lines = [
        image["path"],
        f"  format     {image['format']}",
        f"  size       {shown_size(image['size'])} ({image['size']} bytes)",
        f"  taken      {shown_size(image['allocated'])}; {shown_size(info['free'])} free where it lies",
        *_volume(info),
        f"  used by    {shown_users(image['users'])}",
        f"  open       {_LOCKS[info['used']]}{'; write-protected' if info['protected'] else ''}",
    ]
    if image["problem"]:
        lines.append(f"  problem    {image['problem']}")
    for label, below in zip(("based on", *[""] * 64), info["chain"], strict=False):
        said = below["problem"] or f"{below['format']}, takes {shown_size(below['allocated'])}"
        lines.append(f"  {label:<9}  {below['path']} ({said})")
    for label, clone in zip(("base of", *[""] * len(image["clones"])), image["clones"], strict=False):
        lines.append(f"  {label:<9}  {clone}")
    for label, snapshot in zip(("origin of", *[""] * len(info["snapshots"])), info["snapshots"], strict=False):
        lines.append(f"  {label:<9}  {snapshot}")
    return lines + content(info["layout"])


def _volume(info: dict[str, Any]) -> list[str]:
    """Lines on what LVM tells."""
    volume, group = info["image"]["volume"], info["group"]
    if volume is None:
        return []
    lines = [f"  volume     {volume['kind']}, {shown_group(group)}"]
    lines += [f"  pool       {shown_pool(group, pool)}" for pool in group["pools"] if pool["name"] == volume["pool"]]
    if volume["pool"] and volume["origin"]:
        lines.append(f"  began as   /dev/{volume['group']}/{volume['origin']}, which it does not need")
    return lines


def content(layout: dict[str, Any]) -> list[str]:
    """Lines on what an image holds."""
    if layout["problem"]:
        return [f"  content    not known: {layout['problem']}"]
    if not layout["table"] and not layout["partitions"]:
        return [f"  content    {layout['content'] or 'nothing that is known here'}"]
    lines = [f"  partitions {layout['table'].upper()}"]
    for each in layout["partitions"]:
        what = each["content"] or "nothing that is known here"
        mark = ", active" if each["active"] else ""
        lines.append(
            f"    {each['number']:>3}  {shown_size(each['size']):>9} from {shown_size(each['start'])} on: {what}{mark}"
        )
    return lines


COMMANDS = {
    "info": Command(
        "xm disk info [-o FORMAT] IMAGE",
        f"""\
Tell all about an image: its format and sizes, the domains whose disk it is, who has it open now, what it is based on
and what is based on it, and the partitions in it with what they hold.

It is read by a process without rights, and no file is followed that does not lie below the folders of images or beside
the image. What is not known of it is said. Of a volume of LVM, what its group and its thin pool have is told, too.
{NAMES}{VOLUMES}""",
        _options,
        _info,
        examples=(("xm disk info web.qcow2", ""), ("xm disk info -o json /srv/old.vmdk", "for programs")),
        see_also=("disk list", "block-list"),
    )
}
