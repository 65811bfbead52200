"""A real Xen host in the lab: create, destroy and list at xend's API, beside bare xl with the same files."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from _table import Row, main
from tests.live.xenlab.host import XenHost

_PROGRAM = Path(__file__).with_name("_xen_dom0.py")
_GOALS = {"create": ("at most 1.05", 1.05), "list": ("10 times faster", 0.1)}


def bench(options: argparse.Namespace) -> list[Row]:
    with XenHost() as host:
        host.put("/opt/xenia/bench.py", _PROGRAM.read_bytes())
        environment = {"PYTHONPATH": "/opt/xenia/site:/opt/xenia/lib"}
        seconds = 90 * (options.rounds + 1)
        said = host.run(
            *("python3", "-SP", "/opt/xenia/bench.py", str(options.rounds)), env=environment, timeout=seconds
        )
        if said.code:
            raise SystemExit(f"the measurements in dom0 failed (code {said.code}): {said.err or said.out}")
    return [_row(figure, **by_who) for figure, by_who in json.loads(said.out).items()]


def _row(figure: str, xend: list[float], xl: list[float]) -> Row:
    """The ratio is the median of those of each round: what else the machine did hit both alike."""
    ours, theirs = statistics.median(xend) * 1000, statistics.median(xl) * 1000
    goal, most = _GOALS.get(figure.partition(" ")[0], ("", 0.0))
    return Row(figure, "ms", ours, theirs, "xl", goal, ours <= most * theirs if goal else None)


if __name__ == "__main__":
    main(bench, __doc__ or "")
