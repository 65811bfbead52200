"""Clones of a guest of 512 MiB, 300 of them touched: from a snapshot with memory to running, and what fifty take."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from _memory import MIB, own_mib, pid_of, touch
from _table import Row, main
from _xend import create, destroy, xend

from xenia.client.http import Client

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
        return [
            Row("clone to running, the first", "ms", first),
            Row("clone to running, those after it", "ms", later, goal="under 150 ms", ok=later < 150),
            *_many(client),
        ]


def _clone(client: Client, name: str) -> float:
    begun = time.perf_counter()
    client.post("/domains/source/clone?wait=60", {"name": name, "snapshot": "golden"}, seconds=90)
    return time.perf_counter() - begun


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
