"""xm job."""

from __future__ import annotations

import time

from xenia.cli.command import Command, add_output
from xenia.cli.commands import Entry
from xenia.cli.errors import say
from xenia.client.domains import LONGEST_WAIT
from xenia.client.errors import ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

TABLE = (
    Entry("Jobs", "list", "job", "List what is under way and lately ended", ("ls",)),
    Entry("Jobs", "show", "job", "Tell about one job, with its log"),
    Entry("Jobs", "cancel", "job", "End a job early"),
)

_LOOK = 0.5
"""Seconds between two looks at the log of one that runs."""


def _list_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", nargs="?", help="of this domain (or image, or network) alone")
    parser.add_argument("-r", "--running", action="store_true", help="what is under way alone")
    add_output(parser, "table", "json", "yaml")


def _list(context: Context, options: Namespace) -> int:
    jobs = [
        each
        for each in context.client.get("/jobs")["jobs"]
        if options.domain in (None, each["domain"]) and (each["state"] == "running" or not options.running)
    ]
    from xenia.cli.output import print_data, table

    if options.output != "table":
        print_data(jobs, options.output)
    elif jobs:
        head = ("ID", "What", "Of", "By", "Started", "State", "Now")
        print(table([head, *[tuple(map(printable, _row(each))) for each in jobs]]))
    else:
        print("There are none.")
    return 0


def _row(job: dict[str, Any]) -> tuple[str, ...]:
    known = (str(job["id"]), job["operation"], job["domain"], job["caller"], _moment(job["started_at"]))
    return (*known, _state(job), _now(job))


def _state(job: dict[str, Any]) -> str:
    running = job["state"] == "running"
    return f"{job['progress'] * 100:.0f} %" if running and job["progress"] is not None else str(job["state"])


def _now(job: dict[str, Any]) -> str:
    """What one that runs does, or why one has failed."""
    if job["error"] is not None:
        return str(job["error"]["detail"])
    return str(job["last_line"]["text"]) if job["state"] == "running" and job["last_line"] else ""


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _number(options: Namespace) -> int:
    if not (options.job.isascii() and options.job.isdigit() and len(options.job) < 16):
        raise usage(f"job: '{options.job}' is no number of a job", "xm job list shows them")
    return int(options.job)


def _show_options(parser: ArgumentParser) -> None:
    parser.add_argument("job", metavar="ID", help="its number, as xm job list shows it")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what it says, until it has ended")
    add_output(parser, "text", "json", "yaml")


def _show(context: Context, options: Namespace) -> int:
    number = _number(options)
    if options.follow and options.output != "text":
        raise usage("job show: --follow prints text", f"xm job show {number} -o {options.output}")
    job = context.client.get(f"/jobs/{number}")["job"]
    lines = context.client.get(f"/jobs/{number}/log")["lines"]
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data({**job, "log": lines}, options.output)
        return 0
    print(f"job {number}: {job['operation']} {printable(job['domain'])}, asked for by {printable(job['caller'])}")
    print(f"{_moment(job['started_at'])}  begun")
    _print(lines)
    if options.follow:
        return _follow(context, job, lines[-1]["number"] if lines else 0)
    _print_end(job)
    return 0


def _follow(context: Context, job: dict[str, Any], after: int) -> int:
    """Print what it says until it has ended; then its error is xm's."""
    path = f"/jobs/{job['id']}"
    while True:
        running = job["state"] == "running"
        lines = context.client.get(f"{path}/log?after={after}")["lines"]
        _print(lines)
        after = lines[-1]["number"] if lines else after
        if not running:
            break
        job = _after(context, path)
    if job["state"] != "done":
        raise ClientError.from_problem(job["error"], f"the {job['operation']} of '{job['domain']}' was {job['state']}")
    _print_end(job)
    return 0


def _after(context: Context, path: str) -> dict[str, Any]:
    """The job a moment later, or as soon as it has ended."""
    try:
        told = context.client.get(f"{path}?wait={_LOOK:g}", seconds=LONGEST_WAIT)
    except ClientError:  # that of a job that has failed, or of a xend that is gone
        told = context.client.get(path)
    job: dict[str, Any] = told["job"]
    return job


def _print(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        print(f"{_moment(line['at'])}  {'warning: ' if line['warning'] else ''}{printable(line['text'])}", flush=True)


def _print_end(job: dict[str, Any]) -> None:
    if job["ended_at"] is None:
        print("It runs" + (f": {_state(job)}" if job["progress"] is not None else ""))
        return
    print(f"{_moment(job['ended_at'])}  {job['state']}, after {job['ended_at'] - job['started_at']:.1f} s")
    if job["error"] is not None:
        print(f"{printable(job['error']['detail'])}")
        if job["error"]["hint"]:
            print(f"  hint: {printable(job['error']['hint'])}")


def _cancel_options(parser: ArgumentParser) -> None:
    parser.add_argument("job", metavar="ID", help="its number, as xm job list shows it")


def _cancel(context: Context, options: Namespace) -> int:
    number = _number(options)
    job = context.client.post(f"/jobs/{number}/cancel", {}, seconds=60.0)["job"]
    if job["state"] != "cancelled":
        say(f"job {number} had ended before: {job['state']}")
    return 0


COMMANDS = {
    "list": Command(
        "xm job list [-r] [-o table|json|yaml] [DOMAIN]",
        """\
List the jobs of xend: what takes longer, such as a start, a save or a copy, and goes on when xm or a browser has gone.
Those that run are there, and the last 200, also of before xend was started anew; "lost" is one that xend was ended
within. Who sees some domains alone sees their jobs.""",
        _list_options,
        _list,
        examples=(
            ("xm job list", "the last 200, the latest at the end"),
            ("xm job list -r", "what is under way now"),
            ("xm job list web", "what was done to web"),
        ),
        see_also=("job show", "job cancel", "audit", "log"),
    ),
    "show": Command(
        "xm job show [-f] [-o text|json|yaml] ID",
        """\
Tell about one job, and print its log: what it has done, step by step, and what it was warned of. Of a longer log the
last 200 lines are kept. With --follow xm ends as the job does, with its error and exit code.""",
        _show_options,
        _show,
        examples=(
            ("xm job show 12", "what job 12 has done"),
            ("xm job show -f 12", "and what it does, until it has ended"),
        ),
        see_also=("job list", "job cancel"),
    ),
    "cancel": Command(
        "xm job cancel ID",
        """\
End a job early; nothing of it is left. Who started it may do so, and administrators. One that has to run to its end
says so.""",
        _cancel_options,
        _cancel,
        examples=(("xm job cancel 12", "end job 12"),),
        see_also=("job list", "job show"),
    ),
}
