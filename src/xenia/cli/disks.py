"""xm block-list, block-attach, block-detach, cd-insert, cd-eject."""

from __future__ import annotations

import os

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.cli.running import running
from xenia.client.domains import domain_path, follow, submit
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
    add_output(parser, "text", "json")


def _list(context: Context, options: Namespace) -> int:
    disks = running(context, options.domain, "disks")["config"]["disks"]
    from xenia.cli.output import print_data, table

    if options.output == "json":
        print_data(disks, options.output)
    else:
        print(table([_HEADER, *map(_row, disks)]))
    return 0


def _row(disk: dict[str, Any]) -> tuple[str, ...]:
    """No cell is empty, so that scripts can split a line at blanks."""
    kind = "cdrom" if disk["cdrom"] else "disk"
    image = disk["path"] or "-"
    return tuple(map(printable, (disk["target"], disk["mode"], kind, disk["format"] if disk["path"] else "-", image)))


def _attach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("spec", metavar="SPEC", nargs="+", help="the disk, as in disk = [...] of a guest file")
    add_output(parser, "text", "json")


def _attach(context: Context, options: Namespace) -> int:
    body = {"spec": ",".join(options.spec), "folder": os.path.abspath(".")}  # noqa: PTH100
    job = submit(context.client, f"{domain_path(options.domain)}/block-attach", body)
    result = follow(context.client, job)["result"]
    for note in result["notes"]:
        say(note)
    _print(result, options.output)
    return 0


def _detach_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("device", metavar="DEV", help="the disk, by its name in the guest file (xvdb)")
    parser.add_argument("-f", "--force", action="store_true", help="also the first disk")
    add_output(parser, "text", "json")


def _detach(context: Context, options: Namespace) -> int:
    body = {"device": options.device, "force": options.force}
    job = submit(context.client, f"{domain_path(options.domain)}/block-detach", body)
    _print(follow(context.client, job)["result"], options.output)
    return 0


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
    add_output(parser, "text", "json")


def _insert(context: Context, options: Namespace) -> int:
    body = {"path": options.path, "folder": os.path.abspath(".")}  # noqa: PTH100
    return _change_medium(context, options, "cd-insert", body)


def _eject(context: Context, options: Namespace) -> int:
    return _change_medium(context, options, "cd-eject", {})


def _change_medium(context: Context, options: Namespace, operation: str, medium: dict[str, Any]) -> int:
    body = {"device": options.device, "force": options.force, **medium}
    job = submit(context.client, f"{domain_path(options.domain)}/{operation}", body)
    result = follow(context.client, job)["result"]
    for note in result.get("notes", ()):
        say(note)
    _print(result, options.output)
    return 0


def _print(result: dict[str, Any], output: str) -> None:
    """Text says nothing of what has gone well, as in xm."""
    if output == "json":
        from xenia.cli.output import print_data

        print_data(result, output)


_LASTS = """\
This lasts as long as the domain, also when it is rebooted. The guest file stays as it is:"""

COMMANDS = {
    "block-list": Command(
        "xm block-list [-o FORMAT] DOMAIN",
        "List the disks of a running domain, those of its guest file and those attached since.",
        _list_options,
        _list,
        examples=(("xm block-list web", "a line for each disk"), ("xm block-list -o json web", "for programs")),
        see_also=("block-attach", "block-detach"),
    ),
    "block-attach": Command(
        "xm block-attach [-o FORMAT] DOMAIN SPEC...",
        f"""\
Plug a disk into a running domain. SPEC is written as an item of disk = [...] in a guest file, in xm's words or in xl's;
several words are joined by commas, so that xm's BACKDEV FRONTDEV MODE works. The guest finds it in a moment.

Only paravirtual disks (xvdX, vdX) can be plugged into a guest that runs.

{_LASTS}
xm config add NAME disk SPEC changes it as well, for the next start.""",
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
        "xm block-detach [--force] [-o FORMAT] DOMAIN DEV",
        f"""\
Unplug a disk from a running domain: the guest is asked to let go of it, and has ten seconds for that. Unmount it in the
guest first. A guest that does not let go keeps it; when it does so later, the disk is gone then.

The first disk of a domain is unplugged with --force only: the guest most likely runs from it.

{_LASTS}
xm config remove NAME disk DEV changes it as well, for the next start.""",
        _detach_options,
        _detach,
        examples=(("xm block-detach web xvdb", "which the guest must not have mounted"),),
        see_also=("block-list", "block-attach"),
    ),
    "cd-insert": Command(
        "xm cd-insert [--force] [-o FORMAT] DOMAIN DEV IMAGE",
        f"""\
Put a medium into a CD-ROM drive of a running domain, in the place of the one that is in it. The drive must be there
from the start; it may be empty: ',hdc:cdrom,r' in the guest file.

A guest that has the medium mounted has locked the drive: unmount it there. --force takes it out all the same.

{_LASTS} edit it for the next start.""",
        _insert_options,
        _insert,
        examples=(("xm cd-insert winxp hdc /srv/iso/drivers.iso", "the guest sees it in a moment"),),
        see_also=("cd-eject", "block-list"),
    ),
    "cd-eject": Command(
        "xm cd-eject [--force] [-o FORMAT] DOMAIN DEV",
        f"""\
Take the medium out of a CD-ROM drive of a running domain. The drive stays.

A guest that has the medium mounted has locked the drive: unmount it there. --force takes it out all the same.

{_LASTS} edit it for the next start.""",
        _eject_options,
        _eject,
        examples=(("xm cd-eject winxp hdc", "when the installation has ended, say"),),
        see_also=("cd-insert", "block-list"),
    ),
}
