"""For how long a guest that writes 50 MB/s stands still for a snapshot with memory, in the background and without."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from _table import Row, main
from _xend import create, xend
from tests.support import dirtier

from xenia.client.http import Client
from xenia.images import initrd
from xenia.images.kernel import cloud_kernel

SIZES = (512, 2048)
"""MiB of memory, half of which the guest writes to."""
GOAL = 50.0
ALLOWED = Path("/proc/sys/vm/unprivileged_userfaultfd")


def bench(options: argparse.Namespace) -> list[Row]:
    with allowed():
        return [row for on in (True, False) for row in _measured(min(options.rounds, 10), on=on)]


@contextmanager
def allowed() -> Iterator[None]:
    """The host lets its users use userfaultfd."""
    before = ALLOWED.read_text()
    ALLOWED.write_text("1")
    try:
        yield
    finally:
        ALLOWED.write_text(before)


def _measured(rounds: int, *, on: bool) -> list[Row]:
    rows = []
    how = "in the background" if on else "standing still"
    with xend(settings=f"background_snapshots = {str(on).lower()}\n") as (client, root, _):
        for size in SIZES:
            log = _guest(client, root, size)
            begun, first = time.monotonic(), _rounds(log)
            stood = [_snapshot(client, size) for _ in range(rounds)]
            rate = (_rounds(log) - first) * 1.048576 / (time.monotonic() - begun)
            worst, median = max(stood) * 1000, statistics.median(stood) * 1000
            what = f"{size} MiB, {how}"
            goal = f"under {GOAL:g} ms" if on else ""
            rows.append(Row(f"{what}: stands still", "ms", median, goal=goal, ok=median < GOAL if on else None))
            rows.append(Row(f"{what}: the longest", "ms", worst, goal=goal, ok=worst < GOAL if on else None))
            rows.append(Row(f"{what}: it writes, snapshots and all", "MB/s", rate))
    return rows


def _guest(client: Client, root: Path, size: int) -> Path:
    """One that writes; the log of its console."""
    folder = root / "var/lib/xen"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vmlinuz").write_bytes(cloud_kernel().image.read_bytes())
    init = dirtier.compiled(folder / "dirtier", size // 2)
    files = (initrd.folder("dev"), initrd.character_device("dev/console", 5, 1), initrd.file("init", init, 0o755))
    (folder / "initrd").write_bytes(initrd.write_initrd(files))
    disk = folder / f"disk{size}.img"
    disk.write_bytes(bytes(1 << 20))
    kernel = f'kernel = "{folder}/vmlinuz"\nramdisk = "{folder}/initrd"\nextra = "quiet"\n'
    create(client, f'name = "g{size}"\n{kernel}memory = {size}\ndisk = ["file:{disk},xvda,w"]\n')
    log = root / f"var/log/xenia/console-g{size}-serial.log"
    while _rounds(log) < size // 2 + 50:  # the first pass is over
        time.sleep(0.1)
    return log


def _rounds(log: Path) -> int:
    said = log.read_text(errors="replace").rpartition("round ")[2].split() if log.exists() else []
    return int(said[0]) if said and said[0].isdigit() else 0


def _snapshot(client: Client, size: int) -> float:
    path = f"/domains/g{size}/snapshots"
    job = client.post(f"{path}?wait=60", {"name": "one", "memory": True}, seconds=90)["job"]
    client.delete(f"{path}/one?wait=60", seconds=90)
    return float(job["result"]["stood_still"]["seconds"])


if __name__ == "__main__":
    main(bench, __doc__ or "")
