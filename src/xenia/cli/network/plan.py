"""xm network plan, apply; and what the other commands of xm network show of a plan."""

from __future__ import annotations

import sys

from xenia.cli.command import Command, add_output
from xenia.cli.config.diff import EXIT_CHANGES, add_exit_code
from xenia.cli.errors import say
from xenia.cli.network.ref import network_path
from xenia.client.domains import follow, submit
from xenia.client.errors import ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_SECONDS = 60.0


def planned(context: Context, name: str, text: str | None = None) -> dict[str, Any]:
    """What applying the network `name` would do ("" for all); with `text`, if that were its definition."""
    if name:
        network_path(name)
    plan: dict[str, Any] = context.client.post("/networks/plan", {"network": name, "text": text}, seconds=_SECONDS)
    return plan


def show_plan(plan: dict[str, Any]) -> None:
    """Print its steps. Raises ClientError for what speaks against it."""
    if plan["refused"]:
        *others, last = plan["refused"]
        for each in others:
            say(" ".join(filter(None, (each["message"], each["hint"] and f"({each['hint']})"))))
        raise ClientError(last["message"], kind=last["kind"], hint=last["hint"])
    for step in plan["steps"]:
        now = "" if step["now"] in ("", "none") else f" (is: {printable(step['now'])})"
        print(f"{step['kind']:<7} {printable(step['what'])}{now}")
    if not plan["steps"]:
        print("The host is as defined.")
    sys.stdout.flush()


def sure(options: Namespace, command: str) -> None:
    """Ask, on a terminal. Ends xm where the answer is no."""
    if options.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise usage(f"{command}: nobody is there to be asked", f"xm {command} --yes does it without asking")
    sys.stdout.flush()
    sys.stderr.write("Do this? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        say("nothing was done")
        raise SystemExit(1)


def add_yes(parser: ArgumentParser) -> None:
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _network(parser: ArgumentParser) -> None:
    parser.add_argument("network", metavar="NETWORK", nargs="?", default="", help="only this one (default: all)")


def _plan_options(parser: ArgumentParser) -> None:
    _network(parser)
    add_exit_code(parser)
    add_output(parser, "text", "json", "yaml")


def _plan(context: Context, options: Namespace) -> int:
    plan = planned(context, options.network)
    if options.output == "text":
        show_plan(plan)
    else:
        from xenia.cli.output import print_data

        print_data(plan, options.output)
    return EXIT_CHANGES if options.exit_code and plan["steps"] else 0


def _apply_options(parser: ArgumentParser) -> None:
    _network(parser)
    add_yes(parser)


def _apply(context: Context, options: Namespace) -> int:
    plan = planned(context, options.network)
    show_plan(plan)
    if plan["steps"]:
        sure(options, "network apply")
    body = {"network": options.network, "digest": plan["digest"]}
    follow(context.client, submit(context.client, "/networks/apply", body))
    return 0


COMMANDS = {
    "plan": Command(
        "xm network plan [--exit-code] [-o FORMAT] [NETWORK]",
        """\
Show what is different between the definitions of networks (/etc/xen/networks/*.toml) and the host: what apply would
make, change and remove, in its order. Nothing is changed. What speaks against it is told, too: a bridge that is none, a
subnet that is in use, a card that is not there.

With --exit-code it ends with 2 where apply has something to do.""",
        _plan_options,
        _plan,
        examples=(("xm network plan", "is all as it should be?"), ("xm network plan lan", "only this one")),
        see_also=("network apply", "network edit"),
    ),
    "apply": Command(
        "xm network apply [-y] [NETWORK]",
        """\
Show what xm network plan shows, ask, and do it: all of it, or nothing. Where a step fails, those before it are taken
back. xend applies all definitions when it starts, and keeps the host so: what others remove, comes back.""",
        _apply_options,
        _apply,
        examples=(("xm network apply", "after an edit by hand"), ("xm network apply -y lan", "from a script")),
        see_also=("network plan",),
    ),
}
