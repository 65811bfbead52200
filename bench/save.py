"""save and restore, suspend and resume of a guest of 2 GiB, 1.6 of them touched, beside the disk and virsh."""

from __future__ import annotations

import argparse
import mmap
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from _libvirt import Libvirt
from _memory import MIB, pid_of, touch
from _table import Row, main
from _xend import create, destroy, xend

from xenia.client.http import Client

TOUCHED = 1600
GUEST = 'name = "big"\nbuilder = "hvm"\nmemory = 2048\nvif = [""]\nvnc = 0\n'
XML = """
<domain type="qemu">
  <name>xenia-peer-big</name> <memory unit="MiB">2048</memory> <vcpu>1</vcpu>
  <memoryBacking><source type="memfd"/><access mode="shared"/></memoryBacking>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices><interface type="user"><model type="rtl8139"/></interface><serial type="null"/></devices>
</domain>
"""


def bench(options: argparse.Namespace) -> list[Row]:
    rounds = min(options.rounds, 5)
    folder = Path(tempfile.mkdtemp(prefix="xenia-save-", dir="/var/tmp"))
    peer = Libvirt.start() if options.with_peers else None
    try:
        with xend() as (client, _, _):
            saved, floor, restored, resumed, theirs, back = [], [], [], [], [], []
            for _ in range(rounds + 1):
                save, restore, resume = _ours(client, folder / "ours")
                saved.append(save)
                restored.append(restore)
                resumed.append(resume)
                floor.append(_floor(folder / "floor"))
                if peer is not None:
                    save, restore = _virsh(folder)
                    theirs.append(save)
                    back.append(restore)
    finally:
        if peer is not None:
            peer.close()
        subprocess.run(["rm", "-r", str(folder)], check=True)
    return _rows(*(_median(each) for each in (saved, floor, restored, resumed, theirs, back)))


def _median(seconds: list[float]) -> float:
    """In ms, without the first; 0 for none."""
    return statistics.median(seconds[1:]) * 1000 if seconds else 0.0


def _rows(saved: float, floor: float, restored: float, resumed: float, theirs: float, back: float) -> list[Row]:
    rows = [
        Row("save, durable", "ms", saved, floor, "O_DIRECT", "at most 1.3 times", saved <= 1.3 * floor),
        Row("restore to running, checked", "ms", restored),
        Row("resume to running", "ms", resumed, goal="under 120 ms", ok=resumed < 120),
    ]
    if theirs:
        rows += [
            Row("save, durable", "ms", saved, theirs, "virsh save, sync", "5 times faster", theirs >= 5 * saved),
            Row("restore to running", "ms", restored, back, "virsh restore"),
        ]
    return rows


def _ours(client: Client, file: Path) -> tuple[float, float, float]:
    create(client, GUEST, paused=True)
    touch(pid_of(b"guest=big"), TOUCHED)
    begun = time.perf_counter()
    client.post("/domains/big/save?wait=600", {"file": str(file), "then": "end"}, seconds=700)
    saved = time.perf_counter() - begun
    begun = time.perf_counter()
    client.post("/restore?wait=600", {"file": str(file)}, seconds=700)
    restored = time.perf_counter() - begun
    client.post("/domains/big/suspend?wait=600", {}, seconds=700)
    begun = time.perf_counter()
    client.post("/domains/big/resume?wait=600", {}, seconds=700)
    resumed = time.perf_counter() - begun
    destroy(client, "big")
    return saved, restored, resumed


def _floor(file: Path) -> float:
    """Seconds to have as many bytes on the same disk, past the page cache."""
    room = mmap.mmap(-1, 4 * MIB)
    room.write(os.urandom(4 * MIB))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECT, 0o600)
    begun = time.perf_counter()
    for _ in range(TOUCHED // 4):
        os.write(descriptor, room)
    os.fsync(descriptor)
    seconds = time.perf_counter() - begun
    os.close(descriptor)
    file.unlink()
    return seconds


def _virsh(folder: Path) -> tuple[float, float]:
    """virsh save does not wait for the disk: that is added."""
    (folder / "peer.xml").write_text(XML)
    file = folder / "peer"
    _run("create", str(folder / "peer.xml"), "--paused")
    touch(pid_of(b"guest=xenia-peer-big"), TOUCHED)
    begun = time.perf_counter()
    _run("save", "xenia-peer-big", str(file))
    with file.open("rb+") as saved:
        os.fsync(saved.fileno())
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    _run("restore", str(file), "--running")
    back = time.perf_counter() - begun
    _run("destroy", "xenia-peer-big")
    file.unlink()
    return took, back


def _run(*words: str) -> None:
    subprocess.run(["virsh", "-q", *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(bench, __doc__ or "")
