"""The page for an hour: an event a second, charts that go on; what its tabs, xend and xenia-web take meanwhile."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from _browser import ARGUMENTS, CHROMIUM, Send, tab, used, worker
from _memory import own_mib
from _table import Row, main
from _xend import create, xend
from playwright.sync_api import sync_playwright
from web import SETTINGS, xenia_web

from xenia.client.http import Client

MANY = 100
PACE = 1.0
"""Seconds between two events."""
LOOKS = 12
"""While the bench runs; the first, when all has been used for a while, is what the others are compared with."""
WATCHED = "many0000"
"""Whose own page is open in a second tab. Every second event is its."""


def bench(options: argparse.Namespace) -> list[Row]:
    """`rounds` are minutes: an hour unless told otherwise."""
    minutes = options.rounds
    with (
        xend("--engine", "simulated", settings=SETTINGS) as (client, root, daemon),
        xenia_web(root) as (connect, door),
        sync_playwright() as playwright,
        ExitStack() as opened,
    ):
        for number in range(MANY):
            create(client, f'name = "many{number:04}"\nbuilder = "hvm"\nmemory = 1\n')
        with connect() as connection:
            url = "https://{}:{}".format(*connection.getpeername())
        secret = client.post("/tokens", {"label": "bench"})["secret"]
        browser = opened.enter_context(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS))
        table = tab(browser, url, secret)
        table.goto("/domains")
        table.get_by_text(f"{MANY + 1} of {MANY + 1}").wait_for()
        other = table.context.new_page()
        other.goto(f"/domains/{WATCHED}")
        other.get_by_role("heading", name=WATCHED).first.wait_for()
        sends: list[Send] = [page.context.new_cdp_session(page).send for page in (table, other)]
        sends.append(opened.enter_context(worker(table)))
        looks: list[list[float]] = []
        begun, events = time.monotonic(), 0
        for look in range(1, LOOKS + 1):
            until = begun + minutes * 60 * look / LOOKS
            while time.monotonic() < until:
                _happen(client, events)
                events += 1
                table.wait_for_timeout(max(0.0, begun + events * PACE - time.monotonic()) * 1000)
            looks.append([*map(used, sends), own_mib(daemon), own_mib(door)])
            print(
                f"{minutes * look / LOOKS:5.1f} min, {events} events:",
                *(f"{each:.1f}" for each in looks[-1]),
                flush=True,
            )
    names = ("tab of the table", "tab of a domain", "shared worker", "xend", "xenia-web")
    after = f"after {minutes / LOOKS:g} min"
    return [
        Row(f"{name} after {minutes:g} min", "MiB", last, first, after)
        for name, first, last in zip(names, looks[0], looks[-1], strict=True)
    ]


def _happen(client: Client, number: int) -> None:
    """A domain is paused, and at its next turn goes on."""
    turn, second = divmod(number, 2)
    name = f"many{1 + turn // 2 % (MANY - 1):04}" if second else WATCHED
    client.post(f"/domains/{name}/{'unpause' if turn % 2 else 'pause'}", {})


if __name__ == "__main__":
    main(bench, __doc__ or "", rounds=60)
