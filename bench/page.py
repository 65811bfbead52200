"""The page in Chromium, with 1,000 simulated domains: until it can be used, events, frames and memory."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _browser import ARGUMENTS, CHROMIUM, tab, used, worker
from _table import Row, main, median_ms
from _xend import create, xend
from playwright.sync_api import Browser, Page, sync_playwright
from web import MANY, SETTINGS, xenia_web

from xenia.client.http import Client
from xenia.gateway.page import Page as Built

BUSY = 50
"""Events in a second."""
SCROLLED = 10
"""Seconds."""
HOUR = 3600
"""Events: as many as one a second in an hour."""

SEEN = """([name, state]) => new Promise(done => {
    const look = () => {
        const rows = [...document.querySelectorAll("tbody tr")];
        const row = rows.find(each => each.querySelector("a")?.textContent === name);
        if (!row?.textContent.includes(state)) return false;
        requestAnimationFrame(() => done((performance.timeOrigin + performance.now()) / 1000));
        return true;
    };
    if (look()) return;
    const watch = new MutationObserver(() => look() && watch.disconnect());
    watch.observe(document.body, {subtree: true, childList: true, characterData: true});
})"""
"""When a row says so, in seconds since the epoch, once that is drawn."""

SCROLL = """seconds => new Promise(done => {
    const place = document.querySelector(".scroll"), begun = performance.now(), gaps = [];
    let last = begun;
    requestAnimationFrame(function draw(now) {
        gaps.push(now - last);
        last = now;
        place.scrollTop = (place.scrollTop + 40) % (place.scrollHeight - place.clientHeight);
        if (now - begun < seconds * 1000) requestAnimationFrame(draw);
        else done([gaps.length / seconds, Math.max(...gaps.slice(1))]);
    });
})"""
"""Pictures in a second, and the longest time between two in milliseconds, while the table is scrolled."""


def bench(options: argparse.Namespace) -> list[Row]:
    if Built.load() is None:
        raise SystemExit("the page was not built: scripts/page build")
    with (
        xend("--engine", "simulated", settings=SETTINGS) as (client, root, _),
        xenia_web(root) as (connect, _),
        sync_playwright() as playwright,
    ):
        for number in range(MANY):
            create(client, f'name = "many{number:04}"\nbuilder = "hvm"\nmemory = 1\n')
        with connect() as connection:
            url = "https://{}:{}".format(*connection.getpeername())
        secret = client.post("/tokens", {"label": "bench"})["secret"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = [_opened(browser, url, secret) for _ in range(options.rounds)]
        page = tab(browser, url, secret)
        page.goto("/domains")
        page.get_by_text(f"{MANY + 1} of {MANY + 1}").wait_for()
        seen = [_seen(client, page, number) for number in range(options.rounds)]
        quiet = page.evaluate(SCROLL, SCROLLED)
        with _busy(client, BUSY) as told:
            busy = page.evaluate(SCROLL, SCROLLED)
        rate = told[0] / SCROLLED
        grown = _grown(client, page)
        browser.close()
    usable, event = median_ms(opened), median_ms(seen)
    return [
        Row("until the table can be used", "ms", usable, goal="under 1 s", ok=usable < 1000),
        Row("an event is on the screen", "ms", event, goal="under 200 ms", ok=event < 200),
        Row(f"pictures while {MANY} rows are scrolled, {rate:.0f} events/s", "/s", busy[0], quiet[0], "without events"),
        Row("the longest time between two of them", "ms", busy[1], quiet[1], "without events"),
        Row(
            f"memory of tab and worker after 2 x {HOUR} events",
            "MiB",
            grown[1],
            grown[0],
            "after the first",
        ),
    ]


def _opened(browser: Browser, url: str, secret: str) -> float:
    """Seconds until a browser that knows nothing of the page shows the domains."""
    page = tab(browser, url, secret)
    begun = time.perf_counter()
    page.goto("/domains", wait_until="commit")
    page.get_by_text(f"{MANY + 1} of {MANY + 1}").wait_for()
    seconds = time.perf_counter() - begun
    page.context.close()
    return seconds


def _seen(client: Client, page: Page, number: int) -> float:
    verb, state = ("unpause", "Running") if number % 2 else ("pause", "Paused")
    page.evaluate(f"words => {{ window.seen = ({SEEN})(words); }}", ["many0003", state])
    begun = time.time()
    client.post(f"/domains/many0003/{verb}", {})
    return float(page.evaluate("window.seen")) - begun


@contextmanager
def _busy(client: Client, rate: float) -> Iterator[list[int]]:
    """So many events in a second, if there can be so many; how many there were."""
    ended, told = threading.Event(), [0]
    ours = Client(str(Path(client.socket_path).parents[2]))

    def work() -> None:
        begun = time.monotonic()
        while not ended.wait(max(0.0, begun + told[0] / rate - time.monotonic())):
            _happen(ours, told[0])
            told[0] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield told
    finally:
        ended.set()
        thread.join()


def _happen(client: Client, number: int) -> None:
    client.post(f"/domains/many{number // 2 % MANY:04}/{'unpause' if number % 2 else 'pause'}", {})


def _grown(client: Client, page: Page) -> tuple[float, float]:
    """MiB of JavaScript in the tab and in the shared worker, when its garbage is collected, after an hour of events and
    after another one.
    """
    session = page.context.new_cdp_session(page)
    taken = []
    with worker(page) as shared:
        for _ in range(2):
            for number in range(HOUR):
                _happen(client, number)
            page.wait_for_timeout(2000)
            taken.append(used(session.send) + used(shared))
    return taken[0], taken[1]


if __name__ == "__main__":
    main(bench, __doc__ or "")
