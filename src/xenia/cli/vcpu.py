"""xm vcpu-list, vcpu-set, vcpu-pin."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.long import add_long
from xenia.cli.options import refuse
from xenia.cli.scope import WHERE, add_scope, change
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_MOST = 4096
"""Virtual CPUs that a guest file can give a domain."""

_LETTERS = {"running": "r--", "blocked": "-b-", "ready": "---", "offline": "--p"}


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("domains", metavar="DOMAIN", nargs="*", help="only these: name, id, UUID or a unique beginning")
    add_long(parser)
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    paths = [f"{domain_path(ref)}/vcpus" for ref in options.domains] or ["/vcpus"]
    domains = [domain for path in paths for domain in context.client.get(path)["domains"]]
    if options.long:
        from xenia.cli.sxp import describe_vcpus, render

        print("\n".join(render(describe_vcpus(domain)) for domain in domains))
        return 0
    if options.output != "table":
        from xenia.cli.output import print_data

        print_data(domains, options.output)
        return 0
    print(f"{'Name':<33} {'ID':>4} {'VCPU':>5} {'CPU':>5} {'State':>5} {'Time(s)':>9} CPU Affinity")
    for domain in domains:
        for vcpu in domain["vcpus"]:
            print(f"{printable(domain['domain']):<33} {domain['domid']:>4} {_cells(vcpu)}")
    return 0


def _cells(vcpu: dict[str, Any]) -> str:
    cpu = "-" if vcpu["cpu"] is None else vcpu["cpu"]
    cpus = "any cpu" if vcpu["cpus"] is None else ",".join(map(str, vcpu["cpus"]))
    if vcpu["soft"] is not None:
        cpus += f" (rather {','.join(map(str, vcpu['soft']))})"
    return f"{vcpu['number']:>5} {cpu:>5} {_LETTERS[vcpu['state']]:>5} {vcpu['cpu_time']:9.1f} {cpus}"


def _set_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("count", metavar="COUNT", help="how many virtual CPUs")
    parser.add_argument("-i", "--ignore-host", action="store_true", help="also more than the host has CPUs")
    add_scope(parser)


def _set(context: Context, options: Namespace) -> int:
    word = options.count
    if not (word.isascii() and word.isdigit() and 0 < int(word[:9]) <= _MOST):
        raise usage(f"vcpu-set: '{word}' is no number of virtual CPUs", f"from 1 on: xm vcpu-set {options.domain} 2")
    return change(context, options, "vcpu-set", {"count": int(word), "ignore_host": options.ignore_host})


def _pin_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("vcpu", metavar="VCPU", help="the number of a virtual CPU, or all")
    parser.add_argument("cpus", metavar="CPUS", help="CPUs of the host: all, 2, 0-3, 0-7,^1; - leaves them as they are")
    parser.add_argument("soft", metavar="SOFT", nargs="?", default="-", help="those to run on rather than on others")
    refuse(parser, "-f", "--force", why="it undoes a binding that Xen itself has made", instead="xl has it on Xen")
    add_scope(parser)


def _pin(context: Context, options: Namespace) -> int:
    word = options.vcpu
    if word != "all" and not (word.isascii() and word.isdigit() and len(word) < 6):
        raise usage(f"vcpu-pin: '{word}' is no number of a virtual CPU", f"xm vcpu-list {options.domain}; or say all")
    cpus, soft = ("" if text == "-" else text for text in (options.cpus, options.soft))
    if not cpus and not soft:
        raise usage("vcpu-pin: that changes nothing", f"xm vcpu-pin {options.domain} {word} 0-3")
    body = {"vcpu": None if word == "all" else int(word), "cpus": cpus, "soft": soft}
    return change(context, options, "vcpu-pin", body)


COMMANDS = {
    "vcpu-list": Command(
        "xm vcpu-list [-l | -o FORMAT] [DOMAIN...]",
        """\
List the virtual CPUs of domains that run, in xm's columns: the host's CPU on which each ran last, its state (r running,
b blocked: waiting for something to do, p offline), the time that it ran, and the host's CPUs that it may run on; on Xen
also those that it would rather run on.
On QEMU a virtual CPU is a thread of the host, and Domain-0 has none of its own.""",
        _list_options,
        _list,
        examples=(("xm vcpu-list", "of all that runs"), ("xm vcpu-list winxp", "of one")),
        see_also=("vcpu-pin", "list"),
    ),
    "vcpu-set": Command(
        "xm vcpu-set [--live | --config] [-i] [-o FORMAT] DOMAIN COUNT",
        f"""\
Give a domain more or fewer virtual CPUs, at most its maxvcpus. The guest itself takes CPUs and lets go of them, and xm
waits some seconds for it; how many it has by then is said where that is not what was asked for.
A Linux guest has a new one offline until its udev, or somebody, writes 1 to /sys/devices/system/cpu/cpuN/online. To
unplug one on QEMU takes KVM: QEMU's own emulation is damaged by it.
{WHERE}""",
        _set_options,
        _set,
        examples=(
            ("xm vcpu-set web 2", "two, now and at the next start"),
            ("xm vcpu-set --live web 4", "four until it ends, and not at its next start"),
            ("xm config set web maxvcpus=8", "what it needs first to be given more than it started with"),
        ),
        see_also=("vcpu-list", "vcpu-pin", "mem-set"),
    ),
    "vcpu-pin": Command(
        "xm vcpu-pin [--live | --config] [-o FORMAT] DOMAIN VCPU CPUS [SOFT]",
        f"""\
Let a virtual CPU run on these CPUs of the host only; on Xen also on others, SOFT, rather than on the rest of them.
{WHERE}
Domain-0 has no guest file: it is bound until the host boots.""",
        _pin_options,
        _pin,
        examples=(
            ("xm vcpu-pin winxp 0 2", "its first CPU on CPU 2 of the host"),
            ("xm vcpu-pin winxp all 0-7,^1", "each on any of these"),
            ("xm vcpu-pin winxp all all", "no bounds any more"),
            ("xm vcpu-pin winxp all - 0-3", "on Xen: rather on these four"),
        ),
        see_also=("vcpu-list",),
    ),
}
