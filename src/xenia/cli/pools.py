"""xm cpupool-list, cpupool-create, cpupool-destroy, cpupool-cpu-add, cpupool-cpu-remove, cpupool-migrate,
cpupool-rename, cpupool-numa-split.
"""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.scope import WHERE, add_scope, change
from xenia.client.errors import ClientError, usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence
    from typing import Any

    from xenia.cli.command import Context

_SECONDS = 60.0


def _path(pool: str) -> str:
    if not pool or "/" in pool:
        raise _no_such_pool(pool)
    return f"/cpupools/{quote(pool)}"


def _no_such_pool(name: str) -> ClientError:
    return ClientError(f"there is no CPU pool '{name}'", kind="not_found", hint="xm cpupool-list shows the pools")


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("pool", metavar="POOL", nargs="?", help="only this one")
    parser.add_argument("-c", "--cpus", action="store_true", help="the CPUs of each, not how many")
    add_output(parser, "table", "json")


def _list(context: Context, options: Namespace) -> int:
    answer = context.client.get("/cpupools")
    if options.pool is not None:
        answer["pools"] = [pool for pool in answer["pools"] if pool["name"] == options.pool]
        if not answer["pools"]:
            raise _no_such_pool(options.pool)
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(answer, options.output)
        return 0
    print(f"{'Name':<19}{'CPU list' if options.cpus else 'CPUs   Sched     Active   Domain count'}")
    for pool in answer["pools"]:
        cells = _cpus(pool["cpus"]) if options.cpus else _counts(pool)
        print(f"{printable(pool['name']):<19}{cells}".rstrip())
    return 0


def _cpus(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _counts(pool: dict[str, Any]) -> str:
    return f"{len(pool['cpus']):>4} {printable(pool['scheduler']):>9}       y       {pool['domains']:>4}"


def _create_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="its name")
    parser.add_argument("-s", "--sched", metavar="SCHEDULER", default="credit2", help="credit2, credit, rtds or null")
    parser.add_argument("-c", "--cpus", metavar="CPUS", default="", help="CPUs that are in no pool: 2, 4-7")


def _create(context: Context, options: Namespace) -> int:
    if "=" in options.name:
        raise usage("cpupool-create: the name stands alone", "xm cpupool-create fast --sched credit2 --cpus 2-3")
    body = {"name": options.name, "scheduler": options.sched, "cpus": options.cpus}
    context.client.post("/cpupools", body, seconds=_SECONDS)
    return 0


def _pool_options(parser: ArgumentParser) -> None:
    parser.add_argument("pool", metavar="POOL", help="the name of a CPU pool")


def _destroy(context: Context, options: Namespace) -> int:
    context.client.delete(_path(options.pool), seconds=_SECONDS)
    return 0


def _cpus_options(parser: ArgumentParser) -> None:
    _pool_options(parser)
    parser.add_argument("cpus", metavar="CPUS", help="CPUs of the host: 2, 0-3, 0-7,^1")


def _changing(verb: str) -> Callable[[Context, Namespace], int]:
    def run(context: Context, options: Namespace) -> int:
        context.client.post(f"{_path(options.pool)}/{verb}", {"cpus": options.cpus}, seconds=_SECONDS)
        return 0

    return run


def _rename_options(parser: ArgumentParser) -> None:
    _pool_options(parser)
    parser.add_argument("name", metavar="NEW", help="its new name")


def _rename(context: Context, options: Namespace) -> int:
    context.client.post(f"{_path(options.pool)}/rename", {"name": options.name}, seconds=_SECONDS)
    return 0


def _no_options(_parser: ArgumentParser) -> None:
    """It has none."""


def _split(context: Context, _options: Namespace) -> int:
    context.client.post("/cpupools/numa-split", {}, seconds=_SECONDS)
    return 0


def _migrate_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    _pool_options(parser)
    add_scope(parser)


def _migrate(context: Context, options: Namespace) -> int:
    return change(context, options, "cpupool-migrate", {"pool": options.pool})


_ONLY_XEN = """
This is for Xen: on QEMU guests are processes of the host, which has no pools; xm vcpu-pin binds them to CPUs there."""

COMMANDS = {
    "cpupool-list": Command(
        "xm cpupool-list [-c] [-o FORMAT] [POOL]",
        f"""\
List the CPU pools of the host, in xl's columns: groups of CPUs, each with a scheduler of its own, for some domains.
{_ONLY_XEN}""",
        _list_options,
        _list,
        examples=(("xm cpupool-list", "all"), ("xm cpupool-list -c", "and the CPUs of each")),
        see_also=("cpupool-create", "cpupool-migrate"),
    ),
    "cpupool-create": Command(
        "xm cpupool-create [-s SCHEDULER] [-c CPUS] NAME",
        f"""\
Make a CPU pool out of CPUs that are in no pool.
{_ONLY_XEN}""",
        _create_options,
        _create,
        examples=(
            ("xm cpupool-cpu-remove Pool-0 2-3", "free two CPUs first"),
            ("xm cpupool-create fast -c 2-3", "a pool of them"),
            ("xm cpupool-migrate web fast", "a domain in it"),
        ),
        see_also=("cpupool-destroy", "cpupool-cpu-add"),
    ),
    "cpupool-destroy": Command(
        "xm cpupool-destroy POOL",
        f"""\
Remove a CPU pool in which no domain is; its CPUs are in no pool then.
{_ONLY_XEN}""",
        _pool_options,
        _destroy,
        examples=(("xm cpupool-destroy fast", ""),),
        see_also=("cpupool-migrate",),
    ),
    "cpupool-cpu-add": Command(
        "xm cpupool-cpu-add POOL CPUS",
        f"""\
Put CPUs of the host that are in no pool into this one.
{_ONLY_XEN}""",
        _cpus_options,
        _changing("cpu-add"),
        examples=(("xm cpupool-cpu-add fast 4,5", "two more"),),
        see_also=("cpupool-cpu-remove", "cpupool-list"),
    ),
    "cpupool-cpu-remove": Command(
        "xm cpupool-cpu-remove POOL CPUS",
        f"""\
Take CPUs of the host out of a pool. One with domains in it keeps one CPU at least.
{_ONLY_XEN}""",
        _cpus_options,
        _changing("cpu-remove"),
        examples=(("xm cpupool-cpu-remove Pool-0 2-3", "two of the first pool"),),
        see_also=("cpupool-cpu-add", "cpupool-list"),
    ),
    "cpupool-rename": Command(
        "xm cpupool-rename POOL NEW",
        f"""\
Give a CPU pool another name. Guest files that name it (pool) are not changed.
{_ONLY_XEN}""",
        _rename_options,
        _rename,
        examples=(("xm cpupool-rename fast quick", ""),),
        see_also=("cpupool-list",),
    ),
    "cpupool-numa-split": Command(
        "xm cpupool-numa-split",
        f"""\
Make a CPU pool of each NUMA node of the host, in the place of Pool-0; there may be no other pool before.
{_ONLY_XEN}""",
        _no_options,
        _split,
        examples=(("xm cpupool-numa-split", ""),),
        see_also=("cpupool-list",),
    ),
    "cpupool-migrate": Command(
        "xm cpupool-migrate [--live | --config] [-o FORMAT] DOMAIN POOL",
        f"""\
Move a domain into another CPU pool.
{WHERE}
{_ONLY_XEN}""",
        _migrate_options,
        _migrate,
        examples=(("xm cpupool-migrate web fast", "now and at the next start"),),
        see_also=("cpupool-list", "cpupool-create"),
    ),
}
