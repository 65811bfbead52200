"""xm plan and apply: a folder of guest files as a whole."""

from __future__ import annotations

import os
import sys

from xenia.cli.command import Command, add_output
from xenia.cli.config.diff import EXIT_CHANGES, add_exit_code
from xenia.cli.config.ref import difference_rows
from xenia.cli.errors import say
from xenia.client.domains import follow, submit
from xenia.client.errors import ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_OUTCOMES = ("created", "changed now", "changed at next start", "removed", "refused", "untouched")
"""In the order in which they are told."""

_SECONDS = 300.0


def _plan_options(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="name the files that are untouched, too")
    add_exit_code(parser)
    add_output(parser, "text", "json", "yaml")


def _apply_options(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument("--undo", action="store_true", help="take the last apply back")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_output(parser, "text", "json", "yaml")


def _folder(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", help="a folder of *.cfg files (default: what is in /etc/xen)"
    )
    parser.add_argument("--remove", action="store_true", help="remove the files of /etc/xen that DIR does not have")


def _plan(context: Context, options: Namespace) -> int:
    plan = _planned(context, options)
    if options.output == "text":
        _show(plan, verbose=options.verbose)
    else:
        from xenia.cli.output import print_data

        print_data(plan, options.output)
    if any(row["outcome"] == "refused" for row in plan["rows"]):
        return 1
    return EXIT_CHANGES if options.exit_code and _changes(plan) else 0


def _apply(context: Context, options: Namespace) -> int:
    if options.undo:
        if options.folder is not None or options.remove:
            raise usage("apply: --undo takes back what was applied last, whatever it was", "xm apply --undo")
        _sure(options, "Take the last apply back?")
        return _done(options, follow(context.client, submit(context.client, "/folder/undo", {})))
    plan = _planned(context, options)
    text = options.output == "text"
    if text:
        _show(plan, verbose=False)
    refused = [row["file"] for row in plan["rows"] if row["outcome"] == "refused" and row["written"]]
    if refused:
        raise ClientError(f"nothing was done, since these files are refused: {', '.join(refused)}")
    if not _changes(plan):
        return 0 if text else _done(options, {"result": {"written": [], "changed": []}})
    _sure(options, "Apply this?")
    body = {"folder": plan["folder"], "remove": options.remove, "digest": plan["digest"]}
    return _done(options, follow(context.client, submit(context.client, "/folder/apply", body)))


def _planned(context: Context, options: Namespace) -> dict[str, Any]:
    folder = os.path.abspath(options.folder) if options.folder is not None else ""  # noqa: PTH100
    if options.remove and not folder:
        raise usage("--remove goes with a folder", "xm plan DIR --remove")
    body = {"folder": folder, "remove": options.remove}
    plan: dict[str, Any] = context.client.post("/folder/plan", body, seconds=_SECONDS)
    return plan


def _changes(plan: dict[str, Any]) -> bool:
    """Whether apply has anything to do."""
    now = any(each["when"] == "now" for row in plan["rows"] for each in row["differences"])
    return now or any(row["written"] for row in plan["rows"])


def _show(plan: dict[str, Any], *, verbose: bool) -> None:
    from xenia.cli.complaints import show_complaints
    from xenia.cli.output import table

    counts = {outcome: [row for row in plan["rows"] if row["outcome"] == outcome] for outcome in _OUTCOMES}
    for outcome, rows in counts.items():
        if not rows or (outcome == "untouched" and not verbose):
            continue
        print(f"{outcome}:")
        for row in rows:
            print(f"  {_line(row)}")
            if row["differences"]:
                print("\n".join(f"    {line}" for line in table(difference_rows(row["differences"])).splitlines()))
    sys.stdout.flush()
    for row in plan["rows"]:
        show_complaints(row["complaints"], notes=False)
    print(", ".join(f"{len(rows)} {outcome}" for outcome, rows in counts.items() if rows) or "there are no guest files")


def _line(row: dict[str, Any]) -> str:
    domain = f" (domain {printable(row['domain'])})" if row["domain"] and row["file"] != f"{row['domain']}.cfg" else ""
    return f"{printable(row['file'])}{domain}{': ' if row['note'] else ''}{printable(row['note'])}"


def _sure(options: Namespace, question: str) -> None:
    """Ask, on a terminal. Ends xm where the answer is no."""
    if options.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise usage("apply: nobody is there to be asked", "xm apply --yes does it without asking")
    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        say("nothing was done")
        raise SystemExit(1)


def _done(options: Namespace, job: dict[str, Any]) -> int:
    result = job["result"]
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    written, changed = result["written"], result["changed"]
    print(f"{_counted(written, 'file')} written, {_counted(changed, 'running domain')} changed.")
    if written and not options.undo:
        print("xm apply --undo takes it back.")
    return 0


def _counted(things: list[str], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


COMMANDS = {
    "plan": Command(
        "xm plan [DIR] [--remove] [--exit-code] [-v] [-o FORMAT]",
        """\
Show what is different between what is wanted and what is, file by file. Nothing is changed.

Without DIR: the guest files in /etc/xen against the domains that run. With DIR (a git checkout, say): its *.cfg files
against those in /etc/xen and what runs.

  created                the file is new: its domain is defined by apply, and not started
  changed now            apply does all of it at once
  changed at next start  the domain keeps what it runs with until it has ended and is started again
  removed                the file goes, or is gone; a domain that runs from it runs on until it ends
  refused                the file cannot be used; see the complaints
  untouched              (with -v)

It ends with 1 where a file is refused; with --exit-code with 2 where apply has something to do.""",
        _plan_options,
        _plan,
        examples=(
            ("xm plan", "does everything run as its file says?"),
            ("xm plan ~/guests", "what would xm apply ~/guests do?"),
            ("xm plan ~/guests --exit-code -o json", "for scripts"),
        ),
        see_also=("apply", "config diff", "config check"),
    ),
    "apply": Command(
        "xm apply [DIR] [--remove] [-y] [-o FORMAT], or xm apply --undo [-y]",
        """\
Show what xm plan shows, ask, and do it.

The files of DIR are copied to /etc/xen, all or none: while one of them is refused, or if one cannot be written, or when
something has changed since it was shown, everything stays as it is. Files that only /etc/xen has stay, unless --remove
is given. What can be changed in a domain that runs (on_poweroff, on_reboot, on_crash, the start order) is changed;
nothing is started, ended or rebooted. Without DIR only the latter is done, with the files as they are.

--undo brings back the files that the last apply has replaced, unless they were changed since. It can be undone in
turn.""",
        _apply_options,
        _apply,
        examples=(
            ("xm apply ~/guests", "look at it, say yes"),
            ("xm apply ~/guests --yes", "from a script"),
            ("xm apply --undo", "and back"),
        ),
        see_also=("plan", "config history"),
    ),
}
