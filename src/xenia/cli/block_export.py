"""xm block-export."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.disk.export import offer
from xenia.client.domains import domain_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("device", metavar="DEV", help="the disk, by its name in the guest file (xvda)")
    parser.add_argument("--bitmap", metavar="NAME", default="", help="tell what was changed since this bitmap was made")
    parser.add_argument("--listen", metavar="ADDRESS:PORT", default="", help="to the network, without any password")


def _export(context: Context, options: Namespace) -> int:
    path = f"{domain_path(options.domain)}/block-export"
    body = {"device": options.device, "listen": options.listen, "bitmap": options.bitmap}
    return offer(context, path, body, options.listen, lambda job: job.get("progress") is not None)


COMMANDS = {
    "block-export": Command(
        "xm block-export [--bitmap NAME] [--listen ADDRESS:PORT] DOMAIN DEV",
        """\
Offer what a disk of a domain holds at this moment over NBD, read-only, to a program that backs it up or looks into it,
and print where: until you press Ctrl-C. The guest runs and writes on; the program sees the disk as it was when the
command began, with what the guest had written out by then: where its agent answers, that is all.

Only you can connect, by a socket in run/xenia/exports; with --listen everybody who reaches that address, unencrypted
and without a password.

With --bitmap the program is told, too, what was changed since that bitmap was made, in the metadata context
qemu:dirty-bitmap:NAME: a backup then reads what that calls dirty, and no more. Where the bitmap is gone or cannot be
used, the export is refused: the backup has to be a full one.

What the guest overwrites meanwhile is kept below var/lib/xenia/exports: at most as much as the disk is large. If there
is no more room, the export fails, and the guest runs on. One disk of a domain is exported at a time; it is not moved
meanwhile, and its guest neither saved nor given snapshots.""",
        _options,
        _export,
        examples=(
            ("xm block-export web xvda", "in another shell: qemu-img convert -O raw URI /backup/web.img"),
            (
                "xm block-export --bitmap monday web xvda",
                "nbdinfo --map=qemu:dirty-bitmap:monday URI shows what changed",
            ),
            ("xm block-export --listen 192.0.2.1:10809 web xvda", "to a backup host"),
        ),
        see_also=("block-bitmap-create", "disk export", "snapshot create", "agent"),
    ),
}
