"""xm config check."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.complaints import format_complaint
from xenia.cli.config.engine import add_engine
from xenia.cli.config.together import compare
from xenia.cli.guestfile import open_guest_file
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_SEVERITIES = ("error", "warning", "note")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="a guest file, or the name of one in /etc/xen")
    parser.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only, no notes")
    parser.add_argument(
        "--no-host", action="store_true", help="do not look at this host: images, bridges, memory, other domains"
    )
    add_engine(parser)
    add_output(parser, "text", "json")


def _check(context: Context, options: Namespace) -> int:
    files = [open_guest_file(name, [".", context.guest_files]) for name in options.files]
    checked = []
    for file in files:
        body = {"text": file.text, "file": file.path, "engine": options.engine, "host": not options.no_host}
        checked.append(context.client.post("/check", body, seconds=60))
    compare(checked)
    for each in checked:
        del each["claims"]
    if options.quiet:
        for each in checked:
            each["complaints"] = [complaint for complaint in each["complaints"] if complaint["severity"] != "note"]
    said = [complaint for each in checked for complaint in each["complaints"]]
    counts = {severity: sum(complaint["severity"] == severity for complaint in said) for severity in _SEVERITIES}
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data({"files": checked, "counts": counts}, "json")
    else:
        _show(checked, said, counts)
    return 1 if counts["error"] else 0


def _show(checked: list[dict[str, Any]], said: list[dict[str, Any]], counts: dict[str, int]) -> None:
    for complaint in said:
        print(format_complaint(complaint))
    for sentence in dict.fromkeys(sentence for each in checked for sentence in each["assumed"]):
        print(f"assumed: {printable(sentence)}")
    found = [_counted(count, severity) for severity, count in counts.items() if count]
    print(f"{_counted(len(checked), 'file')}: {', '.join(found) or 'nothing to complain about'}")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


COMMANDS = {
    "check": Command(
        "xm config check FILE... [-q] [--no-host] [--engine ENGINE] [-o FORMAT]",
        """\
Say what is wrong with guest files, and what is worth knowing about them. Nothing is started or changed.

  error    create would refuse the file: what it says is wrong, or what it names is not there
  warning  it probably does not mean what its author thinks, or another domain is in its way
  note     something was translated for the engine, or has no effect on it

Files that are named together are compared with each other, too: names, UUIDs, addresses of cards.

It ends with 1 where there is an error, with 0 otherwise. With --no-host only the file itself counts, as a CI job wants
it; so it is for an engine that is not the one of this host.

-o json prints {"files": [{"file", "name", "engine", "assumed", "complaints": [COMPLAINT]}], "counts": {"error",
"warning", "note"}}. A COMPLAINT is {"severity", "message", "file", "line", "column", "text", "hint", "key"}; line and
column count from 1 and are 0 where it is about no single place; "text" is the line.""",
        _options,
        _check,
        examples=(
            ("xm config check winxp", "check /etc/xen/winxp.cfg"),
            ("xm config check -q /etc/xen/*.cfg", "all of them, errors and warnings only"),
            ("xm config check --no-host -o json *.cfg", "in CI, on a host without the images"),
            ("xm config check --engine xen winxp", "would it do on Xen?"),
        ),
        see_also=("create",),
    )
}
