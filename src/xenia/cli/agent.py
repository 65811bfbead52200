"""xm agent: the agent in a guest."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import Any

    from xenia.cli.command import Context

    Action = Callable[[Context, Namespace], int]


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("action", metavar="ACTION", nargs="?", default="info", help=", ".join(ACTIONS))
    parser.add_argument("words", metavar="WORD", nargs="*", help="with exec: a command of the guest and its arguments")
    parser.add_argument("--set", action="store_true", help="with time: set the guest's clock to the host's")
    parser.add_argument(
        "--for", metavar="SECONDS", type=float, dest="seconds", help="with freeze: thaw it after so long (default: 30)"
    )
    parser.add_argument("-i", "--stdin", action="store_true", help="with exec: what xm reads is for the command")
    add_output(parser, "text", "json")


def _run(context: Context, options: Namespace) -> int:
    if options.action not in ACTIONS:
        raise usage(f"agent: there is no '{options.action}'", f"one of {', '.join(ACTIONS)}; xm help agent")
    for option, given, action in (
        ("--set", options.set, "time"),
        ("--for", options.seconds is not None, "freeze"),
        ("-i", options.stdin, "exec"),
    ):
        if given and options.action != action:
            raise usage(f"agent: {option} goes with {action}", f"xm agent DOMAIN {action} {option}")
    if options.words and options.action != "exec":
        raise usage(f"agent: '{options.words[0]}' is one word too many", f"xm agent {options.domain} {options.action}")
    return ACTIONS[options.action][1](context, options)


def _path(options: Namespace, rest: str = "") -> str:
    return f"{domain_path(options.domain)}/agent{rest}"


def _print(options: Namespace, data: Any, lines: list[str]) -> None:
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(data, options.output)
    else:
        for line in lines:
            print(line)


def _ping(context: Context, options: Namespace) -> int:
    seconds = context.client.post(_path(options, "-ping"), {})["seconds"]
    _print(options, {"seconds": seconds}, [f"it answers: {seconds * 1000:.1f} ms"])
    return 0


def _info(context: Context, options: Namespace) -> int:
    from xenia.cli.agent_text import described

    told = context.client.get(_path(options))["agent"]
    _print(options, told, described(told))
    return 0


def _addresses(context: Context, options: Namespace) -> int:
    from xenia.cli.agent_text import addresses

    told = context.client.get(_path(options, "/interfaces"))["interfaces"]
    _print(options, told, addresses(told))
    return 0


def _time(context: Context, options: Namespace) -> int:
    from xenia.cli.agent_text import clock

    if options.set:
        offset = _job(context, options, "time", {})["offset"]
    else:
        offset = context.client.get(_path(options))["agent"]["time_offset"]
    _print(options, {"time_offset": offset}, [clock(offset)])
    return 0


def _freeze(context: Context, options: Namespace) -> int:
    told = _job(context, options, "freeze", {} if options.seconds is None else {"seconds": options.seconds})
    count, seconds = told["filesystems"], told["seconds"]
    _print(options, told, [f"{count} file systems are frozen, for at most {seconds:g} s"])
    return 0


def _thaw(context: Context, options: Namespace) -> int:
    told = _job(context, options, "thaw", {})
    _print(options, told, [f"{told['filesystems']} file systems were frozen, and are not any more"])
    return 0


def _status(context: Context, options: Namespace) -> int:
    frozen = context.client.get(_path(options))["agent"]["frozen"]
    word = {True: "frozen", False: "thawed", None: "not told"}[frozen]
    _print(options, {"frozen": frozen}, [word])
    return 0


def _exec(context: Context, options: Namespace) -> int:
    from xenia.cli.agent_exec import run

    if not options.words:
        raise usage("agent: exec needs a command", "xm agent DOMAIN exec -- uname -a")
    return run(context, _path(options, "-exec"), options)


def _job(context: Context, options: Namespace, action: str, body: dict[str, Any]) -> dict[str, Any]:
    job = follow(context.client, submit(context.client, _path(options, f"-{action}"), body))
    told: dict[str, Any] = job["result"]
    return told


ACTIONS: dict[str, tuple[str, Action]] = {
    "info": ("Tell all that the agent tells", _info),
    "ping": ("Ask the agent in a guest whether it answers", _ping),
    "addresses": ("Tell the guest's network interfaces with their addresses", _addresses),
    "time": ("Tell how far the guest's clock is off; --set: Set the guest's clock to the host's", _time),
    "freeze": ("Have the guest write out and hold its file systems", _freeze),
    "thaw": ("Let the guest write to its file systems again", _thaw),
    "status": ("Tell whether they are frozen", _status),
    "exec": ("Run a command in the guest", _exec),
}
_LINES = "\n".join(f"  {name:<10} {sentence}" for name, (sentence, _) in ACTIONS.items())

COMMANDS = {
    "agent": Command(
        "xm agent DOMAIN [info | ping | addresses | time [--set] | freeze [--for=SECONDS] | thaw | status]\n"
        "       xm agent DOMAIN exec [-i] -- COMMAND [ARGUMENT...]",
        f"""\
Ask the agent in a guest, by default for all that it tells: system, addresses, users, file systems, clock. What it says
is the guest's word, which may be wrong.

{_LINES}

On QEMU it is the qemu-guest-agent, which the guest needs to have installed; guests with virtio disks or cards have a
way to it, others with agent = 1 in their guest file. On Xen a guest tells of itself by xenstore (xe-guest-utilities,
xen-guest-agent, the Windows PV drivers), and takes no commands.

A guest that is frozen is still for a snapshot of its disks; after some seconds it is thawed by itself.

exec is for administrators. The command runs as the user of the agent, mostly root. What it said is shown when it has
ended, at most 6 MiB of it, and xm ends with its exit code. Ctrl-C ends the waiting only. -i sends the command what xm
reads, at most 512 KiB.""",
        _options,
        _run,
        examples=(
            ("xm agent web", "what there is to know"),
            ("xm agent web addresses", "where the guest can be reached"),
            ("xm agent web exec -- df -h /", "run a command in the guest"),
            ("xm agent web freeze --for=10", "hold it still for ten seconds"),
        ),
        see_also=("network-list", "shutdown"),
        rest="words",
    )
}
