"""xm block-list, block-attach, block-detach, cd-insert, cd-eject."""

from __future__ import annotations

import os

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long, print_devices
from xenia.cli.running import running
from xenia.cli.scope import TAKEN, WHERE, add_no_wait, add_scope, change
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_DOMAIN = "name, id, UUID or a unique beginning"
_HEADER = ("Vdev", "Mode", "Kind", "Format", "Image")


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    add_long(parser)
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    disks = running(context, options.domain, "disks")["config"]["disks"]
    from xenia.cli.output import print_data, table
    from xenia.cli.sxp import describe_disk

    if options.long:
        print_devices(map(describe_disk, disks))
    elif options.output == "json":
        print_data(disks, options.output)
    else:
        print(table([_HEADER, *map(_row, disks)]))
    return 0


def _row(disk: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    kind = "cdrom" if disk["cdrom"] else "disk"
    image = disk["path"] or "-"
    return tuple(map(printable, (disk["target"], disk["mode"], kind, disk["format"] if disk["path"] else "-", image)))


def _spec_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("spec", metavar="SPEC", nargs="+", help="the disk, as in disk = [...] of a guest file")
    add_scope(parser)


def _attach_options(parser: ArgumentParser) -> None:
    _spec_options(parser)
    add_no_wait(parser)


def _attach(context: Context, options: Namespace) -> int:
    body = {"spec": ",".join(options.spec), "folder": os.path.abspath(".")}  # noqa: PTH100
    return change(context, options, "block-attach", {**body, "until_taken": not options.no_wait})


def _configure(context: Context, options: Namespace) -> int:
    body = {"spec": ",".join(options.spec), "folder": os.path.abspath(".")}  # noqa: PTH100
    return change(context, options, "block-configure", body)


def _detach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="DEV", help="the disk, by its name in the guest file (xvdb)")
    parser.add_argument("-f", "--force", action="store_true", help="also the first disk")
    add_scope(parser)


def _detach(context: Context, options: Namespace) -> int:
    return change(context, options, "block-detach", {"device": options.device, "force": options.force})


def _eject_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="DEV", help="the CD-ROM drive, by its name in the guest file (hdc)")
    _medium_options(parser)


def _insert_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="DEV", help="the CD-ROM drive, by its name in the guest file (hdc)")
    parser.add_argument("path", metavar="IMAGE", help="an ISO image, or a device of the host: phy:/dev/sr0")
    _medium_options(parser)


def _medium_options(parser: ArgumentParser) -> None:
    parser.add_argument("-f", "--force", action="store_true", help="also when the guest has locked the drive")
    add_scope(parser)


def _insert(context: Context, options: Namespace) -> int:
    body = {"path": options.path, "folder": os.path.abspath(".")}  # noqa: PTH100
    return change(context, options, "cd-insert", {"device": options.device, "force": options.force, **body})


def _eject(context: Context, options: Namespace) -> int:
    return change(context, options, "cd-eject", {"device": options.device, "force": options.force})


COMMANDS = {
    "block-list": Command(
        "xm block-list [-l | -o FORMAT] DOMAIN",
        "List the disks of a running domain, those of its guest file and those attached since.",
        _list_options,
        _list,
        examples=(("xm block-list web", "a line for each disk"), ("xm block-list -o json web", "for programs")),
        see_also=("block-attach", "block-detach"),
    ),
    "block-attach": Command(
        "xm block-attach [--no-wait] [--live | --config] [-o FORMAT] DOMAIN SPEC...",
        f"""\
Plug a disk into a domain. SPEC is written as an item of disk = [...] in a guest file, in xm's words or in xl's;
several words are joined by commas, so that xm's BACKDEV FRONTDEV MODE works.

Only paravirtual disks (xvdX, vdX) can be plugged into a guest that runs; on Xen a PV or PVH guest takes any. A qcow2
image needs a QEMU beside a guest on Xen: HVM guests have one, others where they were started with such an image.
{TAKEN}
{WHERE}""",
        _attach_options,
        _attach,
        examples=(
            ("xm block-attach web file:/srv/data.img xvdb w", "in xm's words"),
            ("xm block-attach web tap:qcow2:/srv/data.qcow2,xvdb,w", "as in a guest file"),
            ("xm block-attach web format=qcow2 vdev=xvdb access=rw target=/srv/data.qcow2", "in xl's words"),
        ),
        see_also=("block-list", "block-detach"),
    ),
    "block-detach": Command(
        "xm block-detach [--force] [--live | --config] [-o FORMAT] DOMAIN DEV",
        f"""\
Unplug a disk from a domain: the guest is asked to let go of it, and has ten seconds for that. Unmount it in the
guest first. A guest that does not let go keeps it; on QEMU, which cannot take the request back, until it does so later.

The first disk of a domain is unplugged with --force only: the guest most likely runs from it.
{WHERE}""",
        _detach_options,
        _detach,
        examples=(("xm block-detach web xvdb", "which the guest must not have mounted"),),
        see_also=("block-list", "block-attach"),
    ),
    "block-configure": Command(
        "xm block-configure [--live | --config] [-o FORMAT] DOMAIN SPEC...",
        f"""\
Make a disk of a domain what SPEC says; which one is meant is told by its name. SPEC is written as for block-attach.

While a guest runs, only the medium of a CD-ROM drive can be another one. All else is changed with --config, for the
next start.
{WHERE}""",
        _spec_options,
        _configure,
        examples=(
            ("xm block-configure winxp file:/srv/iso/drivers.iso hdc:cdrom r", "another medium, in xm's words"),
            ("xm block-configure --config web file:/srv/data.img xvdb r", "read-only from the next start on"),
        ),
        see_also=("cd-insert", "block-attach"),
    ),
    "cd-insert": Command(
        "xm cd-insert [--force] [--live | --config] [-o FORMAT] DOMAIN DEV IMAGE",
        f"""\
Put a medium into a CD-ROM drive of a running domain, in the place of the one that is in it. The drive must be there
from the start; it may be empty: ',hdc:cdrom,r' in the guest file.

A guest that has the medium mounted has locked the drive: unmount it there. --force takes it out all the same.
{WHERE}""",
        _insert_options,
        _insert,
        examples=(("xm cd-insert winxp hdc /srv/iso/drivers.iso", "the guest sees it in a moment"),),
        see_also=("cd-eject", "block-list"),
    ),
    "cd-eject": Command(
        "xm cd-eject [--force] [--live | --config] [-o FORMAT] DOMAIN DEV",
        f"""\
Take the medium out of a CD-ROM drive of a running domain. The drive stays.

A guest that has the medium mounted has locked the drive: unmount it there. --force takes it out all the same.
{WHERE}""",
        _eject_options,
        _eject,
        examples=(("xm cd-eject winxp hdc", "when the installation has ended, say"),),
        see_also=("cd-insert", "block-list"),
    ),
}
