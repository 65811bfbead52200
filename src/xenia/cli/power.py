"""xm shutdown, reboot, reset, destroy, pause, unpause: one operation asked of several domains."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.errors import report, say
from xenia.cli.options import accept, refuse
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import EXIT_INTERRUPTED, ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import Any

    from xenia.cli.command import Context
    from xenia.client.http import Client

_GONE = {"shutdown": "terminated", "reboot": "rebooted"}


class _Series:
    """Asks for the same of one domain after the other: a failure is told, counts, and does not stop the others."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.code = 0

    def attempt(self, action: Callable[..., dict[str, Any]], *arguments: Any, **options: Any) -> dict[str, Any] | None:
        try:
            return action(*arguments, **options)
        except ClientError as error:
            if error.kind == "unreachable":
                raise
            code = report(error, json=self.context.json)
            self.code = self.code or code
            return None


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domains", metavar="DOMAIN", nargs="*", help="name, id, UUID or a unique beginning")
    add_output(parser, "text", "json")


def _ending_options(parser: ArgumentParser) -> None:
    _options(parser)
    parser.add_argument("-a", "--all", action="store_true", help="all running domains except Domain-0")
    parser.add_argument("-w", "--wait", action="store_true", help="wait until the guests have done it")
    parser.add_argument(
        "--mode", metavar="MODE", choices=("auto", "agent", "acpi"), default="auto", help="auto, agent or acpi"
    )
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="with -w: wait for at most so long")
    accept(parser, "-F", why="a guest without drivers for it is asked by ACPI always")


def _shutdown_options(parser: ArgumentParser) -> None:
    _ending_options(parser)
    parser.add_argument("-R", "--reboot", action="store_true", help="ask it to reboot instead, as xm reboot does")
    accept(parser, "-H", "--halt", why="it is what shutdown means")


def _destroy_options(parser: ArgumentParser) -> None:
    _options(parser)
    refuse(parser, "-f", why="Domain-0 is the host itself", instead="shut the host down")


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 < seconds < 1e7:
        raise ValueError(word)
    return seconds


_seconds.__name__ = "number of seconds"


def _at_once(operation: str) -> Callable[[Context, Namespace], int]:
    def run(context: Context, options: Namespace) -> int:
        _require(operation, options.domains)
        series = _Series(context)
        jobs = [series.attempt(_do, context, operation, ref) for ref in options.domains]
        _print(options.output, jobs)
        return series.code

    return run


def _do(context: Context, operation: str, ref: str, mode: str = "auto") -> dict[str, Any]:
    body = _body(mode, until_gone=False)
    return follow(context.client, submit(context.client, f"{domain_path(ref)}/{operation}", body))


def _ask(client: Client, operation: str, ref: str, mode: str) -> dict[str, Any]:
    return submit(client, f"{domain_path(ref)}/{operation}", _body(mode, until_gone=True), wait=0)


def _body(mode: str, *, until_gone: bool) -> dict[str, Any]:
    return {"until_gone": until_gone} if mode == "auto" else {"until_gone": until_gone, "mode": mode}


def _shutdown(context: Context, options: Namespace) -> int:
    return _ask_guests(context, options, "reboot" if options.reboot else "shutdown")


def _reboot(context: Context, options: Namespace) -> int:
    return _ask_guests(context, options, "reboot")


def _ask_guests(context: Context, options: Namespace, operation: str) -> int:
    if options.timeout is not None and not options.wait:
        raise usage(f"{operation}: --timeout goes with -w", f"xm {operation} -w --timeout 60 DOMAIN")
    refs = _refs(context, operation, options)
    series = _Series(context)
    if not options.wait:
        jobs = [series.attempt(_do, context, operation, ref, options.mode) for ref in refs]
        _print(options.output, jobs)
        return series.code
    return _ask_and_wait(series, operation, refs, options)


def _ask_and_wait(series: _Series, operation: str, refs: list[str], options: Namespace) -> int:
    """Ask all first, then wait for each: the guests shut down side by side."""
    client = series.context.client
    asked = [series.attempt(_ask, client, operation, ref, options.mode) for ref in refs]
    ended = []
    waiting = [job for job in asked if job is not None]
    try:
        while waiting:
            job = series.attempt(follow, client, waiting[0], seconds=options.timeout)
            ended.append(job)
            if job is not None and options.output == "text":
                print(f"Domain {printable(job['domain'])} {_GONE[operation]}", flush=True)
            del waiting[0]
    except KeyboardInterrupt:
        names = ", ".join(job["domain"] for job in waiting)
        say(f"no longer waiting; the {operation} of {names} goes on. xm list shows how far it is")
        return EXIT_INTERRUPTED
    _print(options.output, ended)
    return series.code


def _refs(context: Context, operation: str, options: Namespace) -> list[str]:
    if not options.all:
        _require(operation, options.domains)
        return list(options.domains)
    if options.domains:
        raise usage(f"{operation}: either -a or names of domains", f"xm help {operation}")
    domains = context.client.get("/domains?all=false")["domains"]
    return [
        domain["uuid"]
        for domain in domains
        if domain["domid"] != 0 and domain["state"] in ("running", "blocked", "paused")
    ]


def _require(operation: str, refs: list[str]) -> None:
    if not refs:
        raise usage(f"{operation}: which domain?", f"xm {operation} DOMAIN; xm list shows what runs")


def _print(output: str, jobs: list[dict[str, Any] | None]) -> None:
    """With JSON, the jobs that have ended well; text says nothing more, as in xm."""
    if output == "json":
        from xenia.cli.output import print_data

        print_data([job for job in jobs if job is not None], output)


_SEVERAL = "Several domains may be named; a failure is told and does not keep the others from being tried."

_MODES = """\
--mode=agent asks the agent in the guest (qemu-guest-agent; on Xen, the guest's Xen drivers), --mode=acpi presses its
power button. Without it the agent is asked where it answers, else the button is pressed: for a guest whose agent
says that it will and does not, there is --mode=acpi."""

COMMANDS = {
    "shutdown": Command(
        "xm shutdown [-R] [--mode=MODE] [-w [--timeout=SECONDS]] (-a | DOMAIN...)",
        f"""\
Ask guests to shut down. The guest does it in its own time or not at all; what then becomes of the domain is its
on_poweroff. Ctrl-C while waiting stops the waiting only.

{_MODES}

{_SEVERAL}""",
        _shutdown_options,
        _shutdown,
        examples=(
            ("xm shutdown winxp", "ask one"),
            ("xm shutdown -w --timeout=120 winxp", "and wait until it is gone, two minutes at most"),
            ("xm shutdown -a -w", "all of them, before the host goes down"),
        ),
        see_also=("destroy", "reboot", "list"),
    ),
    "reboot": Command(
        "xm reboot [--mode=MODE] [-w [--timeout=SECONDS]] (-a | DOMAIN...)",
        f"Ask guests to reboot. Ctrl-C while waiting stops the waiting only.\n\n{_MODES}\n\n{_SEVERAL}",
        _ending_options,
        _reboot,
        examples=(("xm reboot winxp", "ask one"), ("xm reboot -w winxp", "and wait until it starts over")),
        see_also=("shutdown", "destroy"),
    ),
    "reset": Command(
        "xm reset DOMAIN...",
        f"""\
Start guests over at once, like pressing their reset buttons: what a guest had not written to its disks is lost. On
QEMU a guest keeps its id, on Xen it gets a new one, as with xm reboot.

{_SEVERAL}""",
        _options,
        _at_once("reset"),
        examples=(("xm reset winxp", "when xm reboot does not help"),),
        see_also=("reboot", "destroy"),
    ),
    "destroy": Command(
        "xm destroy DOMAIN...",
        f"""\
End domains at once, like pulling their plugs: what a guest had not written to its disks is lost.
The guest file and the disks stay.

{_SEVERAL}""",
        _destroy_options,
        _at_once("destroy"),
        examples=(("xm destroy winxp", "when xm shutdown does not help"),),
        see_also=("shutdown", "list"),
    ),
    "pause": Command(
        "xm pause DOMAIN...",
        f"Stop the CPUs of domains; they keep their memory and everything else.\n\n{_SEVERAL}",
        _options,
        _at_once("pause"),
        examples=(("xm pause winxp", "hold it"), ("xm unpause winxp", "and let it run on")),
        see_also=("unpause",),
    ),
    "unpause": Command(
        "xm unpause DOMAIN...",
        f"Let paused domains run on.\n\n{_SEVERAL}",
        _options,
        _at_once("unpause"),
        examples=(("xm create -p winxp", "start without running"), ("xm unpause winxp", "now run")),
        see_also=("pause", "create"),
    ),
}
