"""xm why."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_SHORTEST, _LONGEST = 0.1, 60.0
_SLACK = 15.0


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument(
        "-s", "--seconds", metavar="SECONDS", default="3", help="how long it is looked at (default: 3, at most 60)"
    )
    add_output(parser, "text", "json")


def _why(context: Context, options: Namespace) -> int:
    seconds = _seconds(options.seconds)
    path = f"{domain_path(options.domain)}/why?seconds={seconds:g}"
    told = context.client.get(path, seconds=seconds + _SLACK)
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(told, "json")
    else:
        _print(told)
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise usage(f"why: '{text}' is no time to look", f"seconds, from {_SHORTEST} to {_LONGEST:g}")
    return seconds


def _print(told: dict[str, Any]) -> None:
    name, seconds = printable(told["domain"]), told["seconds"]
    if not told["findings"]:
        print(f"nothing holds {name} back (looked at for {seconds:.1f} s)")
    else:
        print(f"{name}, looked at for {seconds:.1f} s; what weighs most comes first:")
    for finding in told["findings"]:
        print(f"{finding['weight']:>4}  {printable(finding['message'])}")
        if finding["command"]:
            print(f"        {printable(finding['command'])}")
    for unknown in told["unknown"]:
        print(f"   ?  not known: {printable(unknown)}")


COMMANDS = {
    "why": Command(
        "xm why [-s SECONDS] [-o FORMAT] DOMAIN",
        """\
Tell what holds a domain back now. It is looked at for some seconds, with its neighbours and the host: how long its
virtual CPUs waited for a CPU, and who had it; its disks, and how long they took; memory that it has given back or
that the host has swapped out; devices that are emulated where paravirtual ones would do; virtual CPUs that are more
than the host's, or share one.

What weighs most comes first; the number is, roughly, the percent of what the domain could do that this takes. The
line below each is the command that changes it. What this engine cannot tell is said at the end.""",
        _options,
        _why,
        examples=(
            ("xm why web", "over three seconds"),
            ("xm why -s 20 web", "over a longer time, for what comes and goes"),
            ("xm why -o json web", "for a program"),
        ),
        see_also=("top", "vcpu-list"),
    )
}
