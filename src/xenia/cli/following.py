"""Waiting for a job that Ctrl-C takes back: a bar where somebody looks, and an end that leaves nothing."""

from __future__ import annotations

import signal
import sys
import threading

from xenia.cli.errors import say
from xenia.client import domains
from xenia.client.domains import submit
from xenia.client.errors import EXIT_INTERRUPTED, ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from xenia.cli.command import Context
    from xenia.client.http import Client

LOOK = 0.3
"""Seconds between two looks at how far it is."""

_WIDTH = 40
_CANCEL_SECONDS = 60.0


def follow_or_cancel(
    client: Client,
    path: str,
    body: dict[str, Any],
    follow: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    method: str = "post",
) -> dict[str, Any]:
    """Ask for a job, and return it as `follow` does when it has ended. Who interrupts xm cancels it, also in the moment
    in which it is asked for; one that can no longer be cancelled is followed to its end, or to the next Ctrl-C. Its
    state is `done` or `cancelled`.

    Raises ClientError when it is refused or fails, KeyboardInterrupt for a second Ctrl-C.
    """
    with _Held() as held:
        job = submit(client, path, body, wait=LOOK, method=method)
    try:
        if held.interrupted:
            raise KeyboardInterrupt
        return follow(job)
    except KeyboardInterrupt:
        return cancel(client, job)


def cancel(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job as it has ended: it is followed to its end where it can no longer be cancelled. Raises ClientError."""
    try:
        ended = client.post(f"/jobs/{job['id']}/cancel", {}, seconds=_CANCEL_SECONDS)["job"]
    except ClientError as error:
        if error.kind != "conflict":
            raise
        say(f"{error.message}; it is waited for")
    else:
        if ended["state"] == "cancelled":
            return dict(ended)
    return domains.follow(client, client.get(f"/jobs/{job['id']}")["job"])


class _Held:
    """Within it the first Ctrl-C is only noted: between a request and its answer nobody knows which job to cancel. The
    second one is heard, should xend not answer.
    """

    def __init__(self) -> None:
        self.interrupted = False

    def __enter__(self) -> _Held:
        self._deaf = threading.current_thread() is not threading.main_thread()
        if not self._deaf:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            signal.default_int_handler(number, frame)
        self.interrupted = True

    def __exit__(self, *_: object) -> None:
        if not self._deaf:
            signal.signal(signal.SIGINT, self._before)


def carry_out(
    context: Context, path: str, body: dict[str, Any], *, cancelled: str = "nothing of it is left", method: str = "post"
) -> dict[str, Any]:
    """Have xend do it, and return the result of the job. Who interrupts xm cancels it, and is told what is then
    (`cancelled`). Raises as `follow_or_cancel`, SystemExit when it was cancelled.
    """
    bar = Bar()

    def follow(job: dict[str, Any]) -> dict[str, Any]:
        try:
            while job["state"] == "running" and bar.seen:
                bar.show(job.get("progress"))
                job = context.client.get(f"/jobs/{job['id']}?wait={LOOK:g}")["job"]
            return domains.follow(context.client, job)
        finally:
            bar.clear()

    job = follow_or_cancel(context.client, path, body, follow, method=method)
    if job["state"] == "cancelled":
        say(f"cancelled: {cancelled}")
        raise SystemExit(EXIT_INTERRUPTED)
    result: dict[str, Any] = job["result"]
    return result


class Bar:
    """A line on stderr, where that is a terminal."""

    def __init__(self) -> None:
        self.seen = sys.stderr is not None and sys.stderr.isatty()
        self._shown = False

    def show(self, done: float | None) -> None:
        if done is None:
            return
        full = round(done * _WIDTH)
        print(f"\r[{'#' * full}{' ' * (_WIDTH - full)}] {done * 100:5.1f} %", end="", file=sys.stderr, flush=True)
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            print(f"\r{' ' * (_WIDTH + 12)}\r", end="", file=sys.stderr, flush=True)
            self._shown = False
