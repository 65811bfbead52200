"""xm top on a terminal: curses draws, and brings the terminal back however this ends."""

from __future__ import annotations

import contextlib
import curses
import os
import time

from xenia.cli.top.command import seconds_of
from xenia.cli.top.picture import BAD, BUSY, DIM, HEADING, TITLE, picture
from xenia.cli.top.sample import rows_of
from xenia.cli.top.view import View
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from xenia.client.http import Client

_FIRST = 0.5
"""Seconds to the second look, after which there are rates."""
_ANSWER_SECONDS = 5.0


def run(client: Client, options: Namespace) -> int:
    """Until the user quits, or for `options.iterations` looks. Raises ClientError: a first look that fails, a terminal
    of which nothing is known.
    """
    first = client.get("/stats", seconds=_ANSWER_SECONDS)
    view = View(options.delay, vcpus=options.vcpus, vifs=options.networks, disks=options.vbds)
    try:
        curses.wrapper(lambda window: _Screen(window, client, view, first).live(options.iterations))
    except curses.error as error:
        raise ClientError(
            f"the terminal cannot be used: {error} (TERM is '{os.environ.get('TERM', '')}')",
            hint="xm top -b prints plain text",
        ) from error
    return 0


class _Screen:
    def __init__(self, window: curses.window, client: Client, view: View, first: dict[str, Any]) -> None:
        self._window = window
        self._client = client
        self._view = view
        self._answer = first
        self._rows = rows_of(first, None)
        self._styles = _styles()
        with contextlib.suppress(curses.error):  # this terminal always shows its cursor
            curses.curs_set(0)

    def live(self, iterations: int | None) -> None:
        looks = 1
        due = time.monotonic() + min(_FIRST, self._view.delay)
        while looks != iterations:
            self._draw()
            due = min(due, time.monotonic() + self._view.delay)
            self._window.timeout(max(0, int(1000 * (due - time.monotonic()))))
            key = self._window.getch()
            if key in (ord("q"), ord("Q")):
                return
            if key == ord(" ") or time.monotonic() >= due:
                due = time.monotonic() + self._view.delay
                self._look()
                looks += 1
            elif key != -1:
                self._press(key)

    def _look(self) -> None:
        """A xend that is being restarted is waited for; what was seen last stays on the screen."""
        try:
            answer = self._client.get("/stats", seconds=_ANSWER_SECONDS)
        except ClientError as error:
            if error.kind not in ("unreachable", "timed_out", "unavailable", "engine_failed"):
                raise
            self._view.message = f"{time.strftime('%H:%M:%S')} trying again: {error.message}"
            return
        self._rows = rows_of(answer, self._answer)
        self._answer, self._view.message = answer, ""

    def _press(self, key: int) -> None:
        view, page = self._view, max(1, self._window.getmaxyx()[0] - 8)
        moves = {
            curses.KEY_UP: -1,
            curses.KEY_DOWN: 1,
            curses.KEY_PPAGE: -page,
            curses.KEY_NPAGE: page,
            curses.KEY_HOME: -1 << 30,
            curses.KEY_END: 1 << 30,
        }
        if key in moves:
            view.top += moves[key]
        elif key == curses.KEY_RESIZE:
            self._window.clear()
        elif key in (ord("d"), ord("D")):
            self._ask_delay()
        elif key in (12, 27) or not view.press(chr(key) if key < 128 else ""):
            self._window.redrawwin()

    def _ask_delay(self) -> None:
        height, width = self._window.getmaxyx()
        prompt = "Seconds between two looks: "
        self._put(height - 1, f"{prompt:<{width}}", curses.A_BOLD)
        self._window.timeout(-1)
        curses.echo()
        try:
            said = self._window.getstr(height - 1, min(len(prompt), width - 1), 8).decode("ascii", "replace")
        finally:
            curses.noecho()
        try:
            self._view.delay = seconds_of(said)
        except ValueError:
            self._view.message = f"'{said}' is no delay: seconds, such as 2 or 0.5" if said else ""

    def _draw(self) -> None:
        height, width = self._window.getmaxyx()
        self._window.erase()
        for number, (text, style) in enumerate(picture(self._answer, self._rows, self._view, width, height)):
            self._put(number, text, self._styles.get(style, curses.A_NORMAL))
        self._window.refresh()

    def _put(self, number: int, text: str, attribute: int) -> None:
        with contextlib.suppress(curses.error):  # the very last character, or a terminal that has just become smaller
            self._window.addstr(number, 0, text, attribute)


def _styles() -> dict[str, int]:
    """Colours only where there are some and they are wanted (https://no-color.org)."""
    styles = {TITLE: curses.A_BOLD, HEADING: curses.A_REVERSE, BUSY: curses.A_BOLD, BAD: curses.A_BOLD}
    if os.environ.get("NO_COLOR") or not curses.has_colors():
        return styles
    curses.use_default_colors()
    for number, color in enumerate((curses.COLOR_YELLOW, curses.COLOR_RED, curses.COLOR_CYAN), 1):
        curses.init_pair(number, color, -1)
    busy, bad, dim = (curses.color_pair(number) for number in (1, 2, 3))
    return styles | {BUSY: busy | curses.A_BOLD, BAD: bad | curses.A_BOLD, DIM: dim}
