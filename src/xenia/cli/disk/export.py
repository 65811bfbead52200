"""xm disk export."""

from __future__ import annotations

import os
import sys

from xenia.cli.command import Command
from xenia.cli.disk.words import NAMES, image_path
from xenia.cli.errors import say
from xenia.cli.following import LOOK, follow_or_cancel
from xenia.client.domains import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="its name, or its path from / on")
    parser.add_argument("--listen", metavar="ADDRESS:PORT", default="", help="to the network, without any password")
    parser.add_argument("--raw", action="store_true", help="IMAGE is a raw disk, whatever it begins like")


def _export(context: Context, options: Namespace) -> int:
    body = {"path": image_path(options.image), "listen": options.listen, "raw": options.raw}

    def offered(job: dict[str, Any]) -> bool:
        return bool(options.listen) or os.path.exists(_socket(context, job))  # noqa: PTH110

    return offer(context, "/images/export", body, options.listen, offered)


def offer(
    context: Context, path: str, body: dict[str, Any], listen: str, offered: Callable[[dict[str, Any]], object]
) -> int:
    """Have xend offer it, and print where as soon as the job tells that it is `offered`: until Ctrl-C, or the end of
    the job, whose error is raised.
    """

    def follow_it(job: dict[str, Any]) -> dict[str, Any]:
        while job["state"] == "running" and not offered(job):
            job = context.client.get(f"/jobs/{job['id']}?wait={LOOK:g}")["job"]
        if job["state"] == "running":
            print(f"nbd://{listen}" if listen else f"nbd+unix:///?socket={_socket(context, job)}")
            sys.stdout.flush()
            say("it is offered until you press Ctrl-C")
        return follow(context.client, job)

    if follow_or_cancel(context.client, path, body, follow_it)["state"] == "cancelled":
        say("it is not offered any more")
    return 0


def _socket(context: Context, job: dict[str, Any]) -> str:
    return os.path.join(context.root, "run/xenia/exports", f"{job['id']}.sock")


COMMANDS = {
    "export": Command(
        "xm disk export [--listen ADDRESS:PORT] [--raw] IMAGE",
        f"""\
Offer what an image holds over NBD, read-only, to a program that backs it up or looks into it, and print where: until
you press Ctrl-C. The program sees the disk as its guest would, and is told where its holes are.

Only you can connect, by a socket in run/xenia/exports; with --listen everybody who reaches that address, unencrypted
and without a password. The guest of the image has to be off, and is not started meanwhile; of one that runs, xm
block-export offers a disk.

IMAGE is read by a program without rights, as by xm disk convert.
{NAMES}""",
        _options,
        _export,
        examples=(
            ("xm disk export web.qcow2", "in another shell: qemu-img convert -O raw URI /backup/web.img"),
            ("xm disk export --listen 192.0.2.1:10809 web.qcow2", "to a backup host"),
        ),
        see_also=("block-export", "disk convert", "disk info"),
    )
}
