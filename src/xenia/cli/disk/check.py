"""xm disk check."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.disk.result import tell
from xenia.cli.disk.words import NAMES, image_path
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("--repair", action="store_true", help="put right what can be")
    add_output(parser, "text", "json")


def _check(context: Context, options: Namespace) -> int:
    body = {"path": image_path(options.image), "repair": options.repair}
    result = carry_out(context, "/images/check", body)
    found = result["check"]
    tell(result, options, f"{printable(result['path'])}: {_said(found)}")
    if (found["errors"] or found["leaks"]) and not options.repair:
        say("xm disk check --repair puts right what can be; copy the image before, if you need what is in it")
    return 1 if found["errors"] else 0


def _said(found: dict[str, Any]) -> str:
    parts = [
        text
        for count, text in (
            (found["repaired"], f"{_count(found['repaired'], 'error')} repaired"),
            (found["freed"], f"{_count(found['freed'], 'lost cluster')} freed"),
            (found["errors"], f"{_count(found['errors'], 'error')}: what its guest reads may be wrong"),
            (found["leaks"], f"{_count(found['leaks'], 'cluster')} lost: space is taken, no other harm is done"),
        )
        if count
    ]
    if not found["errors"] and not found["leaks"]:
        parts.append("sound")
    return "; ".join(parts)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


COMMANDS = {
    "check": Command(
        "xm disk check [--repair] [-o FORMAT] IMAGE",
        f"""\
Look whether a qcow2 image is sound: whether each part of it is where its tables say, and is used once. Nobody may write
to it meanwhile. With --repair, what can be put right is; its guest has to be off. Copy a damaged image before, if you
need what is in it: a repair decides what belongs to whom, and it cannot be undone or interrupted.

The exit code is 1 while errors remain. Lost clusters only take space. What the guest's file system holds is not looked
at.
{NAMES}""",
        _options,
        _check,
        examples=(
            ("xm disk check web.qcow2", "after a crash of the host"),
            ("xm disk check --repair web.qcow2", "put right what can be"),
        ),
        see_also=("disk info", "disk clone"),
    )
}
