"""Disks and cards that come and go: on QEMU beside bare QMP commands, on Xen beside xl with Xen's scripts."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from _qmp import Qmp
from _table import Row, main, median_ms
from _xend import create, xend
from tests.live.xenlab.host import XenHost

from xenia.client.http import Client
from xenia.images import demo

_PROGRAM = Path(__file__).with_name("_xen_devices.py")
_GOAL = 50
_TAKEN_SECONDS = 1.0
"""For the guest to have taken what was plugged in: else it lets go of it late."""


def bench(options: argparse.Namespace) -> list[Row]:
    return [*_on_qemu(options.rounds), *_on_xen(options.rounds)]


def _on_qemu(rounds: int) -> list[Row]:
    """The same guest is used by xend, and by plain commands when xend has ended."""
    with xend() as (client, root, pid):
        made = demo.make(root / "guest", name="devices")
        create(client, made.file.read_text(), file=str(made.file))
        _until_it_says(root / "var/log/xenia/console-devices-serial.log", made.marker)
        image = root / "more.img"
        with image.open("wb") as file:
            file.truncate(8 << 20)
        ours = _measured(rounds, _by_xend(client, image))
        (monitor,) = root.glob("run/xenia/domains/*/monitor.sock")
        os.kill(pid, signal.SIGTERM)
        with _bare(monitor) as qmp:
            theirs = _measured(rounds, _by_qmp(qmp, image))
            qmp.execute("quit")
    rows = []
    for figure, seconds in ours.items():
        mine, bare = median_ms(seconds), median_ms(theirs[figure])
        rows.append(Row(f"{figure}, QEMU", "ms", mine, bare, "bare QMP", f"under {_GOAL} ms over", mine - bare < _GOAL))
    return rows


Steps = Iterator[tuple[str, float]]


def _measured(rounds: int, steps: Steps) -> dict[str, list[float]]:
    """`rounds` figures of each kind; the first of each is not counted."""
    found: dict[str, list[float]] = {}
    for figure, seconds in steps:
        found.setdefault(figure, []).append(seconds)
        if all(len(each) > rounds for each in found.values()) and len(found) == 4:
            break
    return {figure: seconds[1:] for figure, seconds in found.items()}


def _by_xend(client: Client, image: Path) -> Steps:
    def asked(operation: str, body: dict[str, object]) -> float:
        begun = time.perf_counter()
        client.post(f"/domains/devices/{operation}?wait=60", body, seconds=90)
        return time.perf_counter() - begun

    while True:
        yield "block-attach", asked("block-attach", {"spec": f"file:{image},xvdb,w", "scope": "live"})
        time.sleep(_TAKEN_SECONDS)
        yield "block-detach", asked("block-detach", {"device": "xvdb", "scope": "live"})
        yield "network-attach", asked("network-attach", {"scope": "live"})
        time.sleep(_TAKEN_SECONDS)
        yield "network-detach", asked("network-detach", {"card": "1", "scope": "live"})


def _by_qmp(qmp: Qmp, image: Path) -> Steps:
    """The commands of a management program that knows by heart where there is room."""
    where = {"bus": "bridge", "addr": "0x8"} if qmp.has("bridge") else {"bus": "pci.0", "addr": "0x1d"}
    node = {"driver": "raw", "node-name": "more", "file": {"driver": "file", "filename": "/dev/fdset/77"}}
    descriptors = [os.open(image, flags) for flags in (os.O_RDWR, os.O_RDONLY)]
    while True:
        begun = time.perf_counter()
        for descriptor in descriptors:
            qmp.add_fd(descriptor, 77)
        qmp.execute("blockdev-add", **node)
        qmp.execute("device_add", driver="virtio-blk-pci", id="more", drive="more", **where)
        qmp.until_taken("more")
        yield "block-attach", time.perf_counter() - begun
        time.sleep(_TAKEN_SECONDS)
        begun = time.perf_counter()
        qmp.execute("device_del", id="more")
        qmp.until_deleted("more")
        qmp.execute("blockdev-del", **{"node-name": "more"})
        qmp.execute("remove-fd", **{"fdset-id": 77})
        yield "block-detach", time.perf_counter() - begun
        begun = time.perf_counter()
        qmp.execute("netdev_add", type="user", id="more")
        qmp.execute("device_add", driver="virtio-net-pci", id="card", netdev="more", romfile="", **where)
        qmp.until_taken("card")
        yield "network-attach", time.perf_counter() - begun
        time.sleep(_TAKEN_SECONDS)
        begun = time.perf_counter()
        qmp.execute("device_del", id="card")
        qmp.until_deleted("card")
        qmp.execute("netdev_del", id="more")
        yield "network-detach", time.perf_counter() - begun


@contextmanager
def _bare(monitor: Path) -> Iterator[Qmp]:
    """QEMU listens to one client at a time: it greets when xend has left."""
    qmp = Qmp(monitor)
    try:
        yield qmp
    finally:
        qmp.close()


def _until_it_says(log: Path, words: str) -> None:
    deadline = time.monotonic() + 60
    while not log.exists() or words not in log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise SystemExit(f"the guest does not come up: {log}")
        time.sleep(0.1)


def _on_xen(rounds: int) -> list[Row]:
    with XenHost() as host:
        host.put("/opt/xenia/bench.py", _PROGRAM.read_bytes())
        environment = {"PYTHONPATH": "/opt/xenia/site:/opt/xenia/lib"}
        said = host.run(
            *("python3", "-SP", "/opt/xenia/bench.py", str(rounds)), env=environment, timeout=120 * (rounds + 1)
        )
        if said.code:
            raise SystemExit(f"the measurements in dom0 failed (code {said.code}): {said.err or said.out}")
    return [_row(figure, **by_who) for figure, by_who in json.loads(said.out).items()]


def _row(figure: str, xend: list[float], xl: list[float]) -> Row:
    return Row(f"{figure}, Xen", "ms", statistics.median(xend) * 1000, statistics.median(xl) * 1000, "xl")


if __name__ == "__main__":
    main(bench, __doc__ or "")
