"""How long requests of disks take: a histogram that QEMU keeps of each, from the first time on that somebody asks.

Nobody takes it away again: two who ask at once do not disturb each other, and to count costs QEMU nothing that could be
measured. Source: QEMU's qapi/block-core.json, block-latency-histogram-set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xenia.engines.qemu.disk import target_of
from xenia.engines.qemu.pci import Qemu
from xenia.model.errors import XeniaError
from xenia.model.why import Latencies

_BOUNDS = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds: from a good disk's time to what nobody should have to wait."""
_NANO = 1_000_000_000
_SECONDS = 1.0
"""How long a QEMU may take, as for its counters."""


async def latencies(qemu: Qemu) -> tuple[Latencies, ...]:
    """Of each disk; those that were not counted so far are from now on. None where QEMU does not answer."""
    try:
        told = await qemu.execute("query-blockstats", seconds=_SECONDS)
        return tuple([await _latencies(qemu, target, each) for each in told if (target := target_of(each)) is not None])
    except XeniaError:
        return ()


async def _latencies(qemu: Qemu, target: str, told: Mapping[str, Any]) -> Latencies:
    stats = told["stats"]
    if "rd_latency_histogram" not in stats:
        words = {"id": told["qdev"], "boundaries": [round(each * _NANO) for each in _BOUNDS]}
        await qemu.execute("block-latency-histogram-set", words, seconds=_SECONDS)
        nothing = (0,) * (len(_BOUNDS) + 1)
        return Latencies(target, _BOUNDS, nothing, nothing)
    reads, writes = stats["rd_latency_histogram"], stats["wr_latency_histogram"]
    bounds = tuple(each / _NANO for each in reads["boundaries"])
    return Latencies(target, bounds, tuple(reads["bins"]), tuple(writes["bins"]))
