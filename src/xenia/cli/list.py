"""xm list."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.errors import report, say
from xenia.cli.options import refuse
from xenia.client.domains import domain_path, not_running
from xenia.client.errors import ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from xenia.cli.command import Context

    Domains = list[dict[str, Any]]

_HEADER = f"{'Name':<40} {'ID':>5} {'Mem':>5} {'VCPUs':>5} {'State':>10} {'Time(s)':>9}"

STATES = {
    "all": (),
    "halted": ("defined",),
    "defined": ("defined",),
    "starting": ("starting",),
    "running": ("running", "blocked"),
    "blocked": ("blocked",),
    "paused": ("paused",),
    "shutdown": ("shutdown",),
    "crashed": ("crashed",),
    "dying": ("dying",),
}
"""The words of --state: the states, and xm's words all, halted, running."""


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domains", metavar="DOMAIN", nargs="*", help="only these: name, id, UUID or a unique beginning")
    parser.add_argument("-l", "--long", action="store_true", help="everything about each domain, as xm's SXP")
    parser.add_argument("--all", action="store_true", help="also what is only defined by a file in /etc/xen")
    parser.add_argument(
        "--state", metavar="STATES", help=f"only domains in these states, with commas: {', '.join(STATES)}"
    )
    parser.add_argument("--tag", metavar="TAG", default="", help="only domains that have this tag")
    parser.add_argument("-v", "--verbose", action="store_true", help="the wide table: the same as -o wide")
    refuse(parser, "-Z", "--label", "--context", why="domains have no security labels here")
    refuse(parser, "-c", "--cpupool", why="pools are not in the list", instead="xm cpupool-list shows them")
    refuse(parser, "--pool", takes_value=True, why="pools are not in the list", instead="xm cpupool-list shows them")
    refuse(parser, "-n", "--numa", why="NUMA nodes are not in the list", instead="xm vcpu-list shows CPUs")
    add_output(parser, "table", "wide", "json", "yaml", "name", "xl")


def _list(context: Context, options: Namespace) -> int:
    states, everything = _wanted_states(options.state)
    if options.verbose and options.output == "table":
        options.output = "wide"
    code = 0
    described = options.long or options.output in ("json", "yaml")
    addressed = options.output in ("wide", "json", "yaml")
    if options.domains:
        domains, code = named(context, options.domains, addressed=addressed)
        if not (options.all or everything or described):
            domains, code = _those_that_run(context, domains, code)
    else:
        query = "?all=true" if options.all or everything else "?all=false"
        domains = context.client.get(f"/domains{query}{'&addresses=true' if addressed else ''}")["domains"]
    if options.tag:
        domains = [domain for domain in domains if options.tag in domain["tags"]]
    if states:
        domains = [domain for domain in domains if domain["state"] in states]
    if code and not domains and options.output in ("table", "wide", "xl"):
        return code
    if options.long or options.output == "xl":
        _print_long(context, domains, options.output)
    else:
        _print(domains, options.output)
    if options.output in ("table", "wide"):
        _remark(domains)
    return code


def _wanted_states(words: str | None) -> tuple[set[str], bool]:
    """The states to show, none meaning any, and whether domains that do not run may be among them."""
    if words is None:
        return set(), False
    states: set[str] = set()
    for word in words.split(","):
        if word not in STATES:
            raise usage(f"list: there is no state '{word}'", f"the states are {', '.join(STATES)}")
        states.update(STATES[word])
    return (set(), True) if "all" in words.split(",") else (states, "defined" in states)


def named(context: Context, refs: list[str], *, addressed: bool = False) -> tuple[Domains, int]:
    """The domains that `refs` name, and the exit code of the first that could not be found."""
    query = "?interfaces=true" if addressed else ""
    domains, code = [], 0
    for ref in refs:
        try:
            domains.append(context.client.get(f"{domain_path(ref)}{query}")["domain"])
        except ClientError as error:
            if error.kind == "unreachable":
                raise
            failed = report(error, json=context.json)
            code = code or failed
    return domains, code


def _those_that_run(context: Context, domains: Domains, code: int) -> tuple[Domains, int]:
    """A row stands for what runs, as without names: scripts ask so whether a domain does. Says which do not."""
    for domain in domains:
        if domain["state"] == "defined":
            failed = report(not_running(domain), json=context.json)
            code = code or failed
    return [domain for domain in domains if domain["state"] != "defined"], code


def _print(domains: Domains, output: str) -> None:
    if output == "table":
        print("\n".join([_HEADER, *map(_row, domains)]))
    elif output == "name":
        for domain in domains:
            print(printable(domain["name"]))
    elif output == "wide":
        from xenia.cli.wide import wide_table

        print(wide_table(domains))
    else:
        from xenia.cli.output import print_data

        print_data(domains, output)


def _remark(domains: Domains) -> None:
    """Say what a row of the table cannot: files that cannot be used, and domains that several files define."""
    for domain in domains:
        if domain["problem"]:
            say(f"a file that cannot be used: {domain['problem']}")
        if domain["ending"]:
            say(f"'{domain['name']}': {domain['ending']}")
        if len(domain["files"]) > 1:
            say(f"'{domain['name']}' is defined by {len(domain['files'])} files: {', '.join(domain['files'])}")


def _row(domain: dict[str, Any]) -> str:
    """A line as xm prints it; the columns are those that scripts cut."""
    domid = "-" if domain["domid"] is None else domain["domid"]
    return (
        f"{printable(domain['name']):<40} {domid:>5} {domain['memory']:>5} {domain['vcpus']:>5}"
        f" {domain['letters']:>10} {domain['cpu_time']:8.1f}"
    )


def _print_long(context: Context, domains: Domains, output: str) -> None:
    answers = list(_answers(context, domains))
    if output == "xl":
        import json

        from xenia.cli import xl_json

        print(json.dumps([xl_json.describe(answer) for answer in answers], indent=4))
    else:
        from xenia.cli import sxp

        for answer in answers:
            print(sxp.render(sxp.describe(answer)))


def _answers(context: Context, domains: Domains) -> Iterator[dict[str, Any]]:
    for domain in domains:
        try:
            yield context.client.get(f"{domain_path(domain['uuid'])}?interfaces=true")
        except ClientError as error:
            if error.kind != "not_found":
                raise
            # it has ended since we asked for the list


COMMANDS = {
    "list": Command(
        "xm list [DOMAIN...] [--all] [--state=STATES] [--tag=TAG] [-l | -v | -o FORMAT]",
        """\
List the domains that run, Domain-0 (the host itself) first.

The columns are xm's: Mem in MiB, the time that the CPUs have spent for the domain in seconds, and six places
for the state: r running, b blocked (waiting), p paused, s shut down, c crashed, d dying.

A domain that is named and does not run has no row but with --all: that is said, and xm ends with 5. -l, JSON and YAML
tell of it all the same. -o xl is the JSON of xl list -l, for programs that read that.

With --all there is a row for every domain that a file in /etc/xen defines, one where several files define it, and for
every file that cannot be used, under the file's name; why, and which files, is said on stderr.""",
        _options,
        _list,
        examples=(
            ("xm list", "what runs"),
            ("xm list --all", "and what is defined in /etc/xen"),
            ("xm list winxp", "one domain"),
            ("xm list --state=paused -o name", "the names of the paused ones, for a script"),
            ("xm list --all --tag web", "what has tags = [ 'web' ] in its guest file"),
            ("xm list -o json", "everything, for a program"),
        ),
        see_also=("create", "info"),
    )
}
