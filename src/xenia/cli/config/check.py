"""xm config check."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.complaints import format_complaint
from xenia.cli.guestfile import GuestFile, open_guest_file
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="a guest file, or the name of one in /etc/xen")
    parser.add_argument("-q", "--quiet", action="store_true", help="show errors and warnings only, no notes")
    add_output(parser, "text", "json")


def _check(context: Context, options: Namespace) -> int:
    files = [open_guest_file(name, [".", context.guest_files]) for name in options.files]
    checked = [{"file": file.path, "complaints": _complaints(context, file, options.quiet)} for file in files]
    said = [complaint for each in checked for complaint in each["complaints"]]
    counts = {kind: sum(each["severity"] == kind for each in said) for kind in ("error", "warning", "note")}
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data({"files": checked, "counts": counts}, "json")
    else:
        for complaint in said:
            print(format_complaint(complaint))
        print(_summary(len(files), counts))
    return 1 if counts["error"] else 0


def _complaints(context: Context, file: GuestFile, quiet: bool) -> list[dict[str, Any]]:
    try:
        said = context.client.post("/plan", {"text": file.text, "file": file.path}, seconds=60)["complaints"]
    except ClientError as error:
        if not error.complaints:
            raise
        said = error.complaints
    return [complaint for complaint in said if not (quiet and complaint["severity"] == "note")]


def _summary(files: int, counts: dict[str, int]) -> str:
    found = [f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count]
    return f"{files} file{'s' if files != 1 else ''}: {', '.join(found) or 'nothing to complain about'}"


COMMANDS = {
    "check": Command(
        "xm config check FILE... [-q] [-o FORMAT]",
        """\
Say what is wrong with guest files, and what is worth knowing about them: every remark with its place, the line and
what to do. Nothing is started or changed.""",
        _options,
        _check,
        examples=(
            ("xm config check winxp", "check /etc/xen/winxp.cfg"),
            ("xm config check *.cfg -q", "errors and warnings only"),
            ("xm config check winxp -o json", "for editors and CI"),
        ),
        see_also=("create",),
    )
}
