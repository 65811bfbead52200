"""What a bench prints: one row a figure, ours beside a peer's or a floor, and whether the goal holds."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """`ours` and `peer` in `unit`; `ok` None where no goal is set or the peer was not measured."""

    name: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    goal: str = ""
    ok: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None


def median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Run the measures in turn, `rounds` times, so that what else the machine does hits all alike; first round
    uncounted."""
    results: list[list[float]] = [[] for _ in measures]
    for number in range(rounds + 1):
        for result, measure in zip(results, measures, strict=True):
            seconds = measure()
            if number:
                result.append(seconds)
    return results


def main(bench: Callable[[argparse.Namespace], list[Row]], description: str, rounds: int = 20) -> None:
    """Parse the words, run, print, write JSON; exits 1 when a goal does not hold."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON as well")
    parser.add_argument("--with-peers", action="store_true", help="measure libvirt on this machine as well")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"measurements of each figure ({rounds})")
    options = parser.parse_args()
    rows = bench(options)
    print_table(rows)
    if options.json:
        members = [{"ratio": row.ratio} | asdict(row) for row in rows]
        options.json.write_text(json.dumps(members, indent=1) + "\n")
    sys.exit(1 if any(row.ok is False for row in rows) else 0)


def print_table(rows: list[Row]) -> None:
    width = max(len(row.name) for row in rows)
    print(f"{'what':{width}} {'ours':>9} {'peer or floor':>24} {'ratio':>7}  {'goal':28} held")
    for row in rows:
        peer = f"{row.peer:.1f} {row.peer_name}" if row.peer is not None else "-"
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
        held = {True: "yes", False: "NO", None: "-"}[row.ok]
        print(f"{row.name:{width}} {row.ours:6.1f} {row.unit:<3}{peer:>24} {ratio:>7}  {row.goal:28} {held}")
