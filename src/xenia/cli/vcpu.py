"""xm vcpu-list, vcpu-pin."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_LETTERS = {"running": "r--", "blocked": "-b-", "ready": "---", "offline": "--p"}


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("domains", metavar="DOMAIN", nargs="*", help="only these: name, id, UUID or a unique beginning")
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    paths = [f"{domain_path(ref)}/vcpus" for ref in options.domains] or ["/vcpus"]
    domains = [domain for path in paths for domain in context.client.get(path)["domains"]]
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
    return f"{vcpu['number']:>5} {cpu:>5} {_LETTERS[vcpu['state']]:>5} {vcpu['cpu_time']:9.1f} {cpus}"


def _pin_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("vcpu", metavar="VCPU", help="the number of a virtual CPU, or all")
    parser.add_argument("cpus", metavar="CPUS", help="CPUs of the host: all, 2, 0-3, 0-7,^1")
    add_output(parser, "text", "json")


def _pin(context: Context, options: Namespace) -> int:
    word = options.vcpu
    if word != "all" and not (word.isascii() and word.isdigit() and len(word) < 6):
        raise usage(f"vcpu-pin: '{word}' is no number of a virtual CPU", f"xm vcpu-list {options.domain}; or say all")
    body = {"vcpu": None if word == "all" else int(word), "cpus": options.cpus}
    job = follow(context.client, submit(context.client, f"{domain_path(options.domain)}/vcpu-pin", body))
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(job["result"], options.output)
    return 0


COMMANDS = {
    "vcpu-list": Command(
        "xm vcpu-list [-o FORMAT] [DOMAIN...]",
        """\
List the virtual CPUs of domains that run, in xm's columns: the host's CPU on which each ran last, its state (r running,
b blocked: waiting for something to do, p offline), the time that it ran, and the host's CPUs that it may run on.
On QEMU a virtual CPU is a thread of the host, and Domain-0 has none of its own.""",
        _list_options,
        _list,
        examples=(("xm vcpu-list", "of all that runs"), ("xm vcpu-list winxp", "of one")),
        see_also=("vcpu-pin", "list"),
    ),
    "vcpu-pin": Command(
        "xm vcpu-pin [-o FORMAT] DOMAIN VCPU CPUS",
        """\
Let a virtual CPU run on these CPUs of the host only, from now on until the domain is started anew.""",
        _pin_options,
        _pin,
        examples=(
            ("xm vcpu-pin winxp 0 2", "its first CPU on CPU 2 of the host"),
            ("xm vcpu-pin winxp all 0-7,^1", "each on any of these"),
            ("xm vcpu-pin winxp all all", "no bounds any more"),
        ),
        see_also=("vcpu-list",),
    ),
}
