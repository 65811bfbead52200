"""xm info."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable
    from typing import Any

    from xenia.cli.command import Context

_HOST = (
    ("host", "name"),
    ("release", "release"),
    ("version", "version"),
    ("machine", "machine"),
    ("nr_cpus", "cpus"),
    ("nr_nodes", "nodes"),
    ("cores_per_socket", "cores_per_socket"),
    ("threads_per_core", "threads_per_core"),
    ("cpu_mhz", "cpu_mhz"),
    ("virt_caps", "virt_caps"),
    ("total_memory", "total_memory"),
    ("free_memory", "free_memory"),
)
"""xm's keys in xm's order, with the members of the host that hold them."""

_ENGINE = (
    ("engine", "name"),
    ("engine_version", "version"),
    ("engine_usable", "usable"),
    ("engine_reason", "reason"),
    ("accelerator", "accelerator"),
    ("accelerator_reason", "accelerator_reason"),
    ("capabilities", "capabilities"),
)


_PLACES = ("core", "socket", "node")
_SECONDS = 70.0
"""xl has a minute for it on Xen."""


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-c", "--config", action="store_true", help="the settings of xend instead")
    parser.add_argument("-n", "--numa", action="store_true", help="also the CPUs and NUMA nodes")
    add_output(parser, "text", "json", "yaml")


def _info(context: Context, options: Namespace) -> int:
    if options.config:
        return _config(context, options.output)
    answer = context.client.get("/host")
    if options.numa:
        answer["topology"] = context.client.get("/host/topology", seconds=_SECONDS)
    if options.output == "text":
        _print(_lines(answer))
        if options.numa:
            print("\n".join(_topology(answer["topology"])))
    else:
        from xenia.cli.output import print_data

        print_data(answer, options.output)
    return 0


def _config(context: Context, output: str) -> int:
    settings = {row["name"]: row["value"] for row in context.client.get("/host/settings")["settings"]}
    if output == "text":
        _print(settings.items())
    else:
        from xenia.cli.output import print_data

        print_data(settings, output)
    return 0


def _print(lines: Iterable[tuple[str, Any]]) -> None:
    print("\n".join(f"{key:<23}: {_value(value)}" for key, value in lines))


def _topology(topology: dict[str, Any]) -> list[str]:
    """In the columns of xl info -n."""
    cpus = [[cpu["number"], *("-" if cpu[key] is None else cpu[key] for key in _PLACES)] for cpu in topology["cpus"]]
    return [
        f"{'cpu_topology':<23}:",
        "cpu:    core    socket     node",
        *(f"{number:3}:    {core:>4}     {socket:>4}     {node:>4}" for number, core, socket, node in cpus),
        f"{'numa_info':<23}:",
        "node:    memsize    memfree    distances",
        *(
            f"{node['number']:4}:    {node['memory']:6}     {node['free']:6}      "
            + ",".join(map(str, node["distances"]))
            for node in topology["nodes"]
        ),
    ]


def _lines(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    host, engine, xend = answer["host"], answer["engine"], answer.get("xend")
    return [
        *((key, host[member]) for key, member in _HOST),
        *((key, engine[member]) for key, member in _ENGINE[:1]),
        ("engine_choice", answer.get("choice")),
        *((key, engine[member]) for key, member in _ENGINE[1:]),
        *((f"no_{capability}", why) for capability, why in sorted(engine.get("lacks", {}).items())),
        *sorted(engine["facts"].items()),
        *_warm(answer.get("warm")),
        ("card_filter", f"none: {answer['unfiltered']}" if answer.get("unfiltered") else "nftables"),
        *((f"other_engine_{other['name']}", _other(other)) for other in answer.get("other_engines", ())),
        *((f"xend_{key}", value) for key, value in (xend.items() if isinstance(xend, dict) else ())),
    ]


def _warm(warm: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """The clones that are held ready, and what free_memory would be more without them."""
    if not warm or not warm["wanted"]:
        return []
    return [("warm_clones", f"{warm['ready']} of {warm['wanted']}"), ("warm_clones_memory", warm["memory"] >> 20)]


def _other(engine: dict[str, Any]) -> str:
    if engine["usable"]:
        return f"usable: {engine['version']}, {' '.join(engine['capabilities'])}"
    return f"not usable: {engine['reason']}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(printable(str(item)) for item in value)
    return "" if value is None else printable(str(value))


COMMANDS = {
    "info": Command(
        "xm info [-c | -n] [-o FORMAT]",
        """\
Tell about this host, in the words of xm (memory in MiB), and about its engine: which it is and why, what
executes the guests' instructions (the accelerator) and why, and what it can do.

-n adds how the CPUs and the memory lie to each other (memory in MiB), -c shows the settings of xend instead;
xm config settings tells where they come from.""",
        _options,
        _info,
        examples=(
            ("xm info", "for a person"),
            ("xm info -o json", "for a program"),
            ("xm info -n", "with the NUMA nodes"),
            ("xm info -c", "the settings of xend"),
        ),
        see_also=("list", "log"),
    )
}
