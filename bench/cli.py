"""xm as a process: its start, a list of 100 domains and what Tab offers of them, beside bare Python and virsh."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from _libvirt import Libvirt
from _table import Row, interleaved, main, median_ms
from _xend import BIN, create, xend

MANY = 100


def bench(options: argparse.Namespace) -> list[Row]:
    with xend("--engine", "simulated") as (client, root, _pid):
        for number in range(MANY):
            create(client, f'name = "guest{number}"\nbuilder = "hvm"\n')
        environment = os.environ | {"XENIA_ROOT": str(root)}
        measures = [
            _process([str(BIN / "xm"), "list"], environment, MANY),
            _process([str(BIN / "xm"), "--version"], environment, 1),
            _process([sys.executable, "-I", "-S", "-c", "print()"], environment, 1),
            _process([str(BIN / "xm"), "completion", "bash", "--line", "xm console "], environment, MANY),
        ]
        peer = Libvirt.start() if options.with_peers else None
        try:
            if peer is not None:
                peer.fill(MANY)
                measures.append(_process(["virsh", "list"], environment, MANY))
            results = [median_ms(result) for result in interleaved(options.rounds, *measures)]
        finally:
            if peer is not None:
                peer.empty()
                peer.close()
    listed, version, python, offered = results[:4]
    rows = [
        Row(f"xm list, {MANY} domains", "ms", listed, python, "bare Python"),
        Row("xm --version", "ms", version, python, "bare Python"),
        Row(f"Tab, {MANY} domains", "ms", offered, python, "bare Python", "under 50 ms", offered < 50),
    ]
    if peer is not None:
        theirs = results[4]
        rows.append(
            Row(f"xm list, {MANY} domains", "ms", listed, theirs, "virsh list", "at most 2.5", listed <= 2.5 * theirs)
        )
    return rows


def _process(words: list[str], environment: dict[str, str], lines: int) -> Callable[[], float]:
    def measure() -> float:
        begun = time.perf_counter()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
        if done.returncode or done.stdout.count("\n") < lines:
            raise SystemExit(f"{Path(words[0]).name} failed: {done.stderr or done.stdout}")
        return seconds

    return measure


if __name__ == "__main__":
    main(bench, __doc__ or "")
