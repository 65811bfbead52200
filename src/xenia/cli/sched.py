"""xm sched-credit, sched-credit2."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.options import refuse
from xenia.cli.scope import WHERE, add_scope, change
from xenia.client.domains import domain_path
from xenia.client.errors import ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from xenia.cli.command import Context

_MOST_WEIGHT = 65535
_MOST_CAP = 1 << 20
_XL = "xl has it on Xen"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-d", "--domain", metavar="DOMAIN", help="only this one: name, id, UUID or a unique beginning")
    parser.add_argument("-w", "--weight", metavar="WEIGHT", help="against the other domains, 1 to 65535; 256 is usual")
    parser.add_argument("-c", "--cap", metavar="CAP", help="percent of one CPU at most; 0 is no limit")
    add_scope(parser)
    refuse(parser, "-s", "--schedparam", why="what a scheduler itself is set to is for Xen", instead=_XL)
    for flags in (("-p", "--cpupool"), ("-r", "--ratelimit_us"), ("-t", "--tslice_ms"), ("-m", "--migration_delay_us")):
        refuse(parser, *flags, why="it goes with -s", instead=_XL, takes_value=True)


def _sharing(operation: str) -> Callable[[Context, Namespace], int]:
    def run(context: Context, options: Namespace) -> int:
        weight = _number(operation, "weight", options.weight, 1, _MOST_WEIGHT)
        cap = _number(operation, "cap", options.cap, 0, _MOST_CAP)
        if weight is None and cap is None:
            return _list(context, operation.removeprefix("sched-"), options)
        if options.domain is None:
            raise usage(f"{operation}: of which domain?", f"xm {operation} -d DOMAIN -w 512 -c 50")
        return change(context, options, operation, {"weight": weight, "cap": cap})

    return run


def _number(operation: str, what: str, word: str | None, least: int, most: int) -> int | None:
    if word is None:
        return None
    if not (word.isascii() and word.isdigit() and least <= int(word[:9]) <= most):
        raise usage(f"{operation}: '{word}' is no {what}", f"it is a number from {least} to {most}")
    return int(word)


def _list(context: Context, scheduler: str, options: Namespace) -> int:
    """As xl: of the domains that this scheduler runs; one that is asked for is told whatever runs it."""
    path = "/shares" if options.domain is None else f"{domain_path(options.domain)}/share"
    domains = context.client.get(path)["domains"]
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(domains, options.output)
        return 0
    rows = [each for each in domains if each["share"]["scheduler"] in (scheduler, "cgroup")]
    if not rows and domains:
        other = domains[0]["share"]["scheduler"]
        raise ClientError(
            f"the scheduler here is {other}, not {scheduler}",
            kind="conflict",
            hint=f"xm sched-{other} is the same for it",
        )
    print(f"{'Name':<33} {'ID':>4} {'Weight':>6} {'Cap':>4}")
    for row in rows:
        share = row["share"]
        print(f"{printable(row['domain']):<33} {row['domid']:>4} {share['weight']:>6} {share['cap']:>4}")
    return 0


def _text(scheduler: str) -> str:
    return f"""\
Show how CPU time is shared out between the domains that the scheduler {scheduler} runs; with -d and -w or -c change it.
A domain of weight 512 gets twice the time of one of 256 where both want it; one with a cap never gets more than that
many percent of one CPU, also when nobody else wants it.
On QEMU the same words are translated to a control group of Linux (cgroup v2: cpu.weight, cpu.max), where the host lets
xend make some; the weight counts among the guests there.
{WHERE}
Domain-0 has no guest file: what it is given counts until the host boots."""


COMMANDS = {
    name: Command(
        f"xm {name} [-d DOMAIN [-w WEIGHT] [-c CAP] [--live | --config]] [-o FORMAT]",
        _text(name.removeprefix("sched-")),
        _options,
        _sharing(name),
        examples=(
            (f"xm {name}", "who has what"),
            (f"xm {name} -d web -w 512", "twice the usual share, now and at the next start"),
            (f"xm {name} -d web -c 50", "at most half a CPU"),
            (f"xm {name} -d Domain-0 -w 1024", "on Xen: the host before its guests"),
        ),
        see_also=("vcpu-pin", "vcpu-set"),
    )
    for name in ("sched-credit", "sched-credit2")
}
