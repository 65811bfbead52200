"""Waiting for what is done to an image: a bar where somebody looks, and an end that leaves nothing."""

from __future__ import annotations

import sys

from xenia.cli.disk.words import shown_size
from xenia.cli.errors import say
from xenia.client.domains import follow, submit
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from xenia.cli.command import Context

_LOOK = 0.3
"""Seconds between two looks of a bar."""

_WIDTH = 40


def carry_out(
    context: Context, path: str, body: dict[str, Any], *, cancelled: str = "nothing of it is left"
) -> dict[str, Any]:
    """Have xend do it, and return the result of the job. Who interrupts xm cancels it, and is told what is then
    (`cancelled`). Raises as `follow`.
    """
    job = submit(context.client, path, body, wait=_LOOK)
    bar = _Bar()
    try:
        while job["state"] == "running" and bar.seen:
            bar.show(job.get("progress"))
            job = context.client.get(f"/jobs/{job['id']}?wait={_LOOK:g}")["job"]
        job = follow(context.client, job)
    except KeyboardInterrupt:
        bar.clear()
        if context.client.post(f"/jobs/{job['id']}/cancel", {})["job"]["state"] == "cancelled":
            say(f"cancelled: {cancelled}")
        raise
    except BaseException:
        bar.clear()
        raise
    bar.clear()
    result: dict[str, Any] = job["result"]
    return result


def tell(result: dict[str, Any], options: Namespace, text: str) -> int:
    """Print the result as `-o` wants it, text being `text`; remarks go to stderr."""
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(result, options.output)
        return 0
    for note in result["notes"]:
        say(note)
    print(text)
    return 0


def made(result: dict[str, Any]) -> str:
    """What is told of a new image."""
    image = result["image"]
    return (
        f"{printable(image['path'])}: {image['format']}, {shown_size(image['size'])}, takes "
        f"{shown_size(image['allocated'])} now; {shown_size(result['free'])} free"
    )


class _Bar:
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
