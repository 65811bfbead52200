"""What 100 domains have used, told by xend, beside libvirt."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from _libvirt import Libvirt
from _table import Row, interleaved, main, median_ms
from _xend import create, small_guest, xend

from xenia.client.http import Client

MANY = 100


def bench(options: argparse.Namespace) -> list[Row]:
    with xend() as (client, root, pid):
        images = root / "images"
        images.mkdir()
        images.chmod(0o755)
        root.chmod(0o755)  # libvirt's guests have users of their own, who must reach theirs
        for number in range(MANY):
            create(client, small_guest(number, images), paused=True)
        peer = Libvirt.start() if options.with_peers else None
        try:
            if peer is not None:
                peer.fill(MANY, images)
            measures = [lambda: _busy_stats(client), lambda: _stats(client), *([peer.stats] if peer else [])]
            results = [median_ms(result) for result in interleaved(options.rounds, *measures)]
            used = _cpu_of(client, pid, options.rounds)
        finally:
            if peer is not None:
                peer.empty()
                peer.close()
    busy, idle = results[:2]
    rows = [
        Row(f"stats of {MANY} domains, all busy since", "ms", busy, goal="under 30 ms", ok=busy < 30),
        Row(f"stats of {MANY} domains, none busy since", "ms", idle, goal="under 30 ms", ok=idle < 30),
        Row("of that, CPU time of xend", "ms", used),
    ]
    if peer is not None:
        theirs = results[2]
        rows += [
            Row("stats, all busy since", "ms", busy, theirs, "libvirt", "10 times faster", theirs >= 10 * busy),
            Row("stats, none busy since", "ms", idle, theirs, "libvirt", "10 times faster", theirs >= 10 * idle),
        ]
    return rows


def _busy_stats(client: Client) -> float:
    """After each QEMU has done something: one that has not is not asked for its disks again."""
    client.get("/vcpus")
    return _stats(client)


def _stats(client: Client) -> float:
    begun = time.perf_counter()
    told = client.get("/stats")["domains"]
    seconds = time.perf_counter() - begun
    assert len(told) == MANY + 1
    assert all(each["stats"]["disks"] for each in told[1:])
    return seconds


def _cpu_of(client: Client, pid: int, rounds: int) -> float:
    """Milliseconds of CPU time that xend uses for one answer."""
    before = _cpu_seconds(pid)
    for _ in range(rounds):
        client.get("/stats")
    return (_cpu_seconds(pid) - before) / rounds * 1000


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e9


if __name__ == "__main__":
    main(bench, __doc__ or "")
