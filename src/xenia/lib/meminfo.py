"""The host's memory, and what a process has of it."""

from __future__ import annotations

from pathlib import Path


def available_memory() -> int:
    """Bytes that the host can give before it has to swap (proc(5), MemAvailable)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def own_memory(pid: int) -> int:
    """Bytes of memory that a process has to itself (proc(5), smaps_rollup: Private_Clean, Private_Dirty); 0 for one
    that is gone, or is none of ours.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_"))
