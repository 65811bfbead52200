"""The host's memory."""

from __future__ import annotations

from pathlib import Path


def available_memory() -> int:
    """Bytes that the host can give before it has to swap (proc(5), MemAvailable)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0
