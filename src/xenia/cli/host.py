"""xm host-start and host-stop: the domains of the host as a whole."""

from __future__ import annotations

from xenia.cli.autostart import result
from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.client.domains import submit
from xenia.client.errors import EXIT_INTERRUPTED, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_BETWEEN = 0.5
"""Seconds that one request waits before the lines that have come up meanwhile are printed."""

_TOOK_TOO_LONG = 6
_MOST_SECONDS = 86400

_BEFORE = frozenset({"waiting", "starting"})
_FAILED = frozenset({"failed", "held back"})


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what failed")
    add_output(parser, "text", "json", "yaml")


class _Progress:
    """Prints a line for each change of a domain's row."""

    def __init__(self, context: Context, options: Namespace) -> None:
        self._context = context
        self._quiet = options.quiet or options.output != "text"
        self._shown: dict[str, str] = {}

    def show(self, run: dict[str, Any]) -> None:
        for row in _rows(run):
            line = f"{printable(row['domain'])}: {result(row)}"
            if row["state"] in _BEFORE or self._shown.get(row["domain"]) == line:
                continue
            self._shown[row["domain"]] = line
            if row["state"] in _FAILED:
                say(line)
            elif not self._quiet:
                print(line, flush=True)

    def follow(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for the job at `path`, and print how far it is until it has ended; the run that it was."""
        client = self._context.client
        job = submit(client, path, body, wait=_BETWEEN)
        while job["state"] == "running":
            self.show(client.get("/autostart", seconds=60)["last"])
            job = client.get(f"/jobs/{job['id']}?wait={_BETWEEN:g}")["job"]
        run: dict[str, Any] = client.get("/autostart", seconds=60)["last"]
        self.show(run)
        return run


def _host_start(context: Context, options: Namespace) -> int:
    progress = _Progress(context, options)
    try:
        run = progress.follow("/host/start", {})
    except KeyboardInterrupt:
        say("no longer waiting; the start goes on. xm autostart shows how far it is")
        return EXIT_INTERRUPTED
    _print(run, options, "There is nothing to start.")
    failed = [row for row in _rows(run) if row["state"] in _FAILED]
    if failed:
        say(f"not started: {len(failed)} of {len(_rows(run))}")
    return 1 if failed else 0


def _stop_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, help="for all together (default: host_stop_timeout of xend.toml)"
    )
    parser.add_argument("--now", action="store_true", help="destroy them at once, without asking")
    _options(parser)


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 < seconds <= _MOST_SECONDS:
        raise ValueError(word)
    return seconds


_seconds.__name__ = "number of seconds"


def _host_stop(context: Context, options: Namespace) -> int:
    if options.now and options.timeout is not None:
        raise usage("host-stop: --now leaves no time", "xm host-stop --now")
    progress = _Progress(context, options)
    try:
        run = progress.follow("/host/stop", {"timeout": 0 if options.now else options.timeout})
    except KeyboardInterrupt:
        say("no longer waiting; the stop goes on. xm autostart shows how far it is")
        return EXIT_INTERRUPTED
    for note in run["notes"]:
        say(note)
    _print(run, options, "Nothing runs.")
    states = [row["state"] for row in _rows(run)]
    if "failed" in states:
        say("not everything has ended: xm list")
        return 1
    return _TOOK_TOO_LONG if "destroyed" in states and not options.now else 0


def _print(run: dict[str, Any], options: Namespace, nothing: str) -> None:
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(run, options.output)
    elif not _rows(run) and not options.quiet:
        print(nothing)


def _rows(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The domains that this run is about: a stop also remembers what earlier ones have ended."""
    return [row for row in run["rows"] if row["at"] >= run["began_at"]]


COMMANDS = {
    "host-start": Command(
        "xm host-start [-q] [-o FORMAT]",
        """\
Start what starts with the host, as xend does it by itself once per boot of the host: the links in /etc/xen/auto, in
order (xm autostart), and the domains that the last xm host-stop has ended.

They are started one after the other. A domain that runs already is left alone; one that fails does not keep others
from being started, except those that wait for it (start_after). Ctrl-C stops the waiting only.

It ends with 1 when a domain was not started.""",
        _options,
        _host_start,
        examples=(("xm host-start", "bring up what should run"),),
        see_also=("autostart", "start"),
    ),
    "host-stop": Command(
        "xm host-stop [--timeout SECONDS | --now] [-q] [-o FORMAT]",
        """\
End all domains, as the host goes down: they are asked to shut down in the reverse order of their start (xm autostart),
those side by side that do not wait for each other. A guest that has not shut down within the stop_timeout of its guest
file, or that of xend.toml, is destroyed. When the time for all is up, what still runs is destroyed without being asked.

Policies (on_poweroff and the like) do not count: what has ended stays down. No domain is started meanwhile. What ran is
remembered, and xm host-start, or the next boot of the host, starts it again. Ctrl-C stops the waiting only.

It ends with 6 when a guest had to be destroyed, with 1 when one could not be ended.""",
        _stop_options,
        _host_stop,
        examples=(
            ("xm host-stop", "before the host goes down"),
            ("xm host-stop --timeout 60", "a minute for all of them"),
            ("xm host-stop --now", "the power is failing"),
        ),
        see_also=("host-start", "autostart", "shutdown"),
    ),
}
