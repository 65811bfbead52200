"""What it costs to keep the history of 100 simulated domains: CPU of xend, memory, the disk, and an answer."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

from _table import Row, main, median_ms
from _xend import create, resident_mib, xend

from xenia.client.http import Client
from xenia.model.usage import Usage
from xenia.store.usage_series import PACE, UsageSeries

MANY = 100
MONTH = 31 * 24 * 3600
LAST = 1000


def bench(options: argparse.Namespace) -> list[Row]:
    with xend(settings='engine = "simulated"\n') as (client, _, pid):
        time.sleep(PACE)
        idle = _busy(pid, options.rounds)
        before = resident_mib(pid)
        for number in range(MANY):
            create(client, f'name = "many{number}"\nbuilder = "hvm"\nmemory = 32\n')
        time.sleep(2 * PACE)
        busy = _busy(pid, options.rounds)
        resident = resident_mib(pid) - before
        answers = [_answer(client) for _ in range(options.rounds)]
    series, put = _full()
    packed = len(series.packed())
    ours = 100 * MANY * put / PACE
    return [
        Row(f"xend with {MANY} domains and nobody who asks, of a core", "%", busy, goal="under 1 %", ok=busy < 1),
        Row("the same without domains", "%", idle),
        Row(f"of that, to keep what was seen of {MANY}", "%", ours),
        Row("a domain more in memory, all else included", "KiB", 1024 * resident / MANY),
        Row("a domain, its file at most", "KiB", packed / 1024, goal="under 80 KiB", ok=packed < 80 << 10),
        Row("an answer of an hour", "ms", median_ms(answers)),
    ]


def _busy(pid: int, looks: int) -> float:
    """Percent of a core over so many looks."""
    before, begun = _cpu_seconds(pid), time.monotonic()
    time.sleep(PACE * looks)
    return 100 * (_cpu_seconds(pid) - before) / (time.monotonic() - begun)


def _cpu_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _answer(client: Client) -> float:
    begun = time.perf_counter()
    told: Any = client.get("/domains/many1/history?hours=1")
    assert told["memory"]
    return time.perf_counter() - begun


def _full() -> tuple[UsageSeries, float]:
    """The history of a busy month, and the seconds that one of its last looks has cost."""
    series, last = UsageSeries(), MONTH // PACE
    for number in range(0, last - LAST, 10):
        series.put(number, _busy_guest())
    used = [_busy_guest() for _ in range(LAST)]
    begun = time.perf_counter()
    for number, usage in enumerate(used):
        series.put(last - LAST + number, usage)
    return series, (time.perf_counter() - begun) / LAST


def _busy_guest() -> Usage:
    return Usage(*(each * 12_345.6 for each in os.urandom(8)))


if __name__ == "__main__":
    main(bench, __doc__ or "")
