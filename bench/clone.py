"""Clones of a guest of 512 MiB, 300 of them touched: from a snapshot with memory to running, and what fifty take."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from _memory import MIB, own_mib, pid_of, touch
from _table import Row, interleaved, main
from _xend import create, destroy, xend

from xenia.client.http import Client
from xenia.lib.files import replace_file
from xenia.lib.replace import sync_folder

MANY = 50


def bench(options: argparse.Namespace) -> list[Row]:
    with xend() as (client, root, _):
        image = root / "var/lib/xen/source.qcow2"
        image.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "10G"], check=True)
        text = f'name = "source"\nbuilder = "hvm"\nmemory = 512\nvnc = 0\ndisk = ["tap:qcow2:{image},xvda,w"]\n'
        (root / "etc/xen/source.cfg").write_text(text)
        create(client, text, paused=True)
        touch(pid_of(b"guest=source"), 300)
        client.post("/domains/source/snapshots?wait=60", {"name": "golden", "memory": True}, seconds=90)
        seconds = [_clone(client, f"clone-{number}") for number in range(options.rounds + 1)]
        first, later = seconds[0] * 1000, statistics.median(seconds[1:]) * 1000
        for number in range(options.rounds + 1):
            destroy(client, f"clone-{number}")
        client.post("/domains/source/snapshots/golden/warm?wait=60", {"count": options.rounds}, seconds=90)
        _until_ready(client, options.rounds)
        writes, clones = interleaved(
            options.rounds - 1, lambda: _write_durably(root / "durable"), partial(_clone_next, client, count())
        )
        warm = statistics.median(clones) * 1000
        client.post("/domains/source/snapshots/golden/warm?wait=60", {"count": 0}, seconds=90)
        for number in range(options.rounds):
            destroy(client, f"warm-{number}")
        return [
            Row("clone to running, the first", "ms", first),
            Row("clone to running, those after it", "ms", later, goal="under 150 ms", ok=later < 150),
            Row(
                "clone to running, one that is ready",
                "ms",
                warm,
                statistics.median(writes) * 1000,
                "what it writes durably",
                goal="under 25 ms",
                ok=warm < 25,
            ),
            *_many(client),
        ]


def _clone(client: Client, name: str) -> float:
    begun = time.perf_counter()
    client.post("/domains/source/clone?wait=60", {"name": name, "snapshot": "golden"}, seconds=90)
    return time.perf_counter() - begun


def _clone_next(client: Client, numbers: Iterator[int]) -> float:
    return _clone(client, f"warm-{next(numbers)}")


def _write_durably(folder: Path) -> float:
    """As many files as a clone of one that is ready writes before it is promised, one after the other: what is written
    down of the snapshot's domain, the name of the image, the guest file, the domain's record.
    """
    folder.mkdir(exist_ok=True)
    begun = time.perf_counter()
    for number in range(3):
        replace_file(folder / str(number), bytes(2000), durable=True)
    sync_folder(folder)
    return time.perf_counter() - begun


def _until_ready(client: Client, count: int) -> None:
    while (warm := client.get("/domains/source/snapshots/golden")["snapshot"]["warm"])["ready"] < count:
        if warm["problem"]:
            raise SystemExit(warm["problem"])
        time.sleep(0.1)


def _many(client: Client) -> list[Row]:
    before = _available()
    begun = time.perf_counter()
    client.post("/domains/source/clone?wait=600", {"name": "many", "count": MANY, "snapshot": "golden"}, seconds=700)
    took = time.perf_counter() - begun
    own = statistics.median(own_mib(pid_of(f"guest=many-{number + 1}".encode())) for number in range(MANY))
    each = (before - _available()) / MANY / MIB
    for number in range(MANY):
        destroy(client, f"many-{number + 1}")
    return [
        Row(f"{MANY} clones, each", "ms", took * 1000 / MANY),
        Row("a clone's own memory", "MiB", own),
        Row("the host's memory, by a clone", "MiB", each, goal="under 100 MiB", ok=each < 100),
    ]


def _available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


if __name__ == "__main__":
    main(bench, __doc__ or "")
