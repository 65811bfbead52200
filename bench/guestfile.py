"""Reading a guest file in the warm worker, round trip included: every file of the collection, or the examples."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from _table import Row, main, median_ms

from xenia.lib.text import decode
from xenia.lib.worker import Worker

ROOT = Path(__file__).parents[1]
COLLECTION = ROOT.parent / "shared" / "corpus"
GOAL_MS = 3.0


def bench(options: argparse.Namespace) -> list[Row]:
    medians = asyncio.run(_medians(_files(), options.rounds))
    ordered = sorted(medians, key=medians.__getitem__)
    slowest = ordered[-1]
    floor = medians.pop("")
    usual = statistics.median(medians.values())
    goal = f"under {GOAL_MS:g} ms"
    return [
        Row(f"median of {len(medians)} files", "ms", usual, floor, "an empty file", goal, usual < GOAL_MS),
        Row("nineteen of twenty files", "ms", medians[ordered[len(ordered) * 19 // 20]], floor, "an empty file"),
        Row(f"the slowest ({slowest})"[:60], "ms", medians[slowest], floor, "an empty file"),
    ]


def _files() -> dict[str, str]:
    """Texts by name; "" is the empty file."""
    truths = sorted((COLLECTION / "values").rglob("*.json"))
    paths = [COLLECTION / str(path.relative_to(COLLECTION / "values")).removesuffix(".json") for path in truths]
    paths = paths or sorted((ROOT / "examples").glob("*.cfg"))
    return {"": ""} | {f"{path.parent.name}/{path.name}": decode(path.read_bytes()) for path in paths}


async def _medians(files: dict[str, str], rounds: int) -> dict[str, float]:
    """Milliseconds of each file, in turn; the first round is not counted."""
    calls = {"read_guest_file": "xenia.guestfile.in_worker:read_guest_file"}
    worker = Worker(calls, seconds=5, memory_mib=512, uid=None)
    seconds: dict[str, list[float]] = {name: [] for name in files}
    try:
        for number in range(rounds + 1):
            for name, text in files.items():
                begun = time.perf_counter()
                await worker.call("read_guest_file", {"text": text, "file": name, "overrides": []})
                if number:
                    seconds[name].append(time.perf_counter() - begun)
    finally:
        await worker.close()
    return {name: median_ms(each) for name, each in seconds.items()}


if __name__ == "__main__":
    main(bench, __doc__ or "")
