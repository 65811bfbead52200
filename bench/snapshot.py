"""Snapshots of guests that run: with disks of 1 GiB and of 1 TiB, and how long one stands still for its memory."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from _memory import pid_of, touch
from _table import Row, main
from _xend import create, xend

from xenia.client.http import Client

SIZES = ("1G", "1T")
MEMORY = 300


def bench(options: argparse.Namespace) -> list[Row]:
    rows = []
    with xend() as (client, root, _):
        took = {size: _disk(client, root, size, options.rounds) for size in SIZES}
        for what in ("create", "revert", "delete"):
            small, large = (statistics.median(took[size][what]) * 1000 for size in SIZES)
            goal = "independent of the size"
            rows.append(Row(f"{what}, 1 TiB", "ms", large, small, "1 GiB", goal, large <= 1.3 * small + 10))
        rows += _memory(client, root, min(options.rounds, 10))
    return rows


def _guest(client: Client, root: Path, name: str, size: str, memory: int) -> None:
    image = root / f"var/lib/xen/{name}.qcow2"
    image.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), size], check=True)
    text = f'name = "{name}"\nbuilder = "hvm"\nmemory = {memory}\nvnc = 0\ndisk = ["tap:qcow2:{image},xvda,w"]\n'
    create(client, text)


def _disk(client: Client, root: Path, size: str, rounds: int) -> dict[str, list[float]]:
    name = f"disk{size}"
    _guest(client, root, name, size, 64)
    took: dict[str, list[float]] = {"create": [], "revert": [], "delete": []}
    path = f"/domains/{name}/snapshots"
    for _ in range(rounds):
        took["create"].append(_post(client, f"{path}?wait=60", {"name": "one"}))
        took["revert"].append(_post(client, f"{path}/one/revert?wait=60", {}))
        begun = time.perf_counter()
        client.delete(f"{path}/one?wait=60", seconds=90)
        took["delete"].append(time.perf_counter() - begun)
    return took


def _memory(client: Client, root: Path, rounds: int) -> list[Row]:
    """How long the guest stands still is told by QEMU's log of its states."""
    _guest(client, root, "full", "1G", 512)
    touch(pid_of(b"guest=full"), MEMORY)
    took = []
    for _ in range(rounds):
        took.append(_post(client, "/domains/full/snapshots?wait=60", {"name": "one", "memory": True}))
        client.delete("/domains/full/snapshots/one?wait=60", seconds=90)
    return [Row(f"create with memory, {MEMORY} MiB touched", "ms", statistics.median(took) * 1000)]


def _post(client: Client, path: str, body: dict[str, object]) -> float:
    begun = time.perf_counter()
    client.post(path, body, seconds=90)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(bench, __doc__ or "")
