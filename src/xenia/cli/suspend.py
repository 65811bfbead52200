"""xm suspend and resume."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.save import saved
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _suspend_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")


def _suspend(context: Context, options: Namespace) -> int:
    result = saved(context, f"{domain_path(options.domain)}/suspend", {})
    print(f"Suspended domain {printable(result['domain'])}")
    return 0


def _resume_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, UUID or a unique beginning")
    parser.add_argument("-p", "--paused", action="store_true", help="leave it paused")
    parser.add_argument("--changed", action="store_true", help="go on also where a disk is not as it was left")
    parser.add_argument("--discard", action="store_true", help="forget what it was doing: it boots at its next start")


def _resume(context: Context, options: Namespace) -> int:
    if options.discard and (options.paused or options.changed):
        raise usage("resume: --discard lets nothing go on", "xm help resume")
    body = {"paused": options.paused, "changed": options.changed, "discard": options.discard}
    job = submit(context.client, f"{domain_path(options.domain)}/resume", body)
    result = follow(context.client, job)["result"]
    name = printable(result["domain"])
    print(f"{name} boots at its next start" if options.discard else f"Resumed domain {name} (id={result['domid']})")
    return 0


COMMANDS = {
    "suspend": Command(
        "xm suspend DOMAIN",
        """\
End a domain for now. Its memory and the state of its devices are kept by xend (in /var/lib/xenia/saves, where only root
may look), and xm resume lets it go on from that very moment, also after the host was booted anew. Until then it is in
xm list --all, and can neither be started nor renamed. Ctrl-C takes it back.

Its disks must stay as they are meanwhile. To keep the save yourself, or to take it to another host: xm save.""",
        _suspend_options,
        _suspend,
        examples=(("xm suspend web", "it is put away"),),
        see_also=("resume", "save", "pause", "list"),
    ),
    "resume": Command(
        "xm resume [-p] [--changed] DOMAIN | xm resume --discard DOMAIN",
        """\
Let a suspended domain go on. Every byte of what was kept is checked before it runs; then it is removed. It is refused
where a disk was written to since: --changed lets it go on all the same, which ruins a file system that the guest had
open for writing.

--discard forgets what it was doing, as if its plug had been pulled then: it boots at its next start.""",
        _resume_options,
        _resume,
        examples=(("xm resume web", "it goes on"), ("xm resume --discard web", "it is to boot anew")),
        see_also=("suspend", "restore", "start"),
    ),
}
