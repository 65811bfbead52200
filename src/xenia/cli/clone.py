"""xm clone."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="NAME", help="the domain to begin as: name, id, UUID or a unique beginning")
    parser.add_argument("new", metavar="NEW", nargs="?", default="", help="what the clone is to be called")
    parser.add_argument("-n", "--number", metavar="N", type=int, default=1, help="make so many: NEW-1, NEW-2 ...")
    parser.add_argument("--running", action="store_true", help="with its memory: the clones run where it is now")
    parser.add_argument("--snapshot", metavar="SNAPSHOT", default="", help="begin as it was then")
    parser.add_argument("--full", action="store_true", help="copy its disks, so that the clones stand alone")
    add_output(parser, "text", "json", "yaml")


def _clone(context: Context, options: Namespace) -> int:
    if options.running and options.snapshot:
        raise usage("clone: either --running or --snapshot", "xm help clone")
    if options.number < 1:
        raise usage(f"clone: {options.number} clones cannot be made", "xm clone -n 3 DOMAIN")
    body = {
        "name": options.new,
        "count": options.number,
        "snapshot": options.snapshot,
        "running": options.running,
        "full": options.full,
    }
    result = carry_out(context, f"{domain_path(options.domain)}/clone", body)
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    for note in result["notes"]:
        say(note)
    for each in result["clones"]:
        runs = f" (id={each['domid']})" if each["domid"] is not None else f": xm create {printable(each['name'])}"
        print(f"Made {printable(each['name'])}, a clone of {printable(result['domain'])}{runs}")
    return 0


COMMANDS = {
    "clone": Command(
        "xm clone [-n N] [--running | --snapshot SNAPSHOT] [--full] [-o FORMAT] NAME [NEW]",
        """\
Make domains that begin as another one, each with a guest file of its own, another name, another UUID and other network
addresses. Their disks hold only what differs from those of the first one: they are there at once and take no space.
With --full the disks are copied, and need each other no more.

The domain may run meanwhile, and goes on: its disks are as in a snapshot of this moment. With --running the clones have
its memory, too, and run from that very instruction; each is given new network cards before it can send anything, and
told to draw new random numbers (vmgenid). What it has made of its old identity itself (host name, SSH keys, machine-id)
is for its own tools to change.

Without NEW the clones are called as the domain, with a number.""",
        _options,
        _clone,
        examples=(
            ("xm clone debian web", "a domain web, that begins as debian"),
            ("xm clone -n 10 --running debian test", "ten that run, test-1 to test-10"),
            ("xm clone --snapshot golden --full debian web", "as it was once, with disks of its own"),
        ),
        see_also=("snapshot create", "disk clone", "create"),
    )
}
