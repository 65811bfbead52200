"""Memory of guests that is written to from outside: in no time, and the same for all."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1 << 20


def pid_of(word: bytes) -> int:
    """The QEMU among whose arguments `word` is."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"qemu" in words[0] and any(word in each for each in words):
            return int(process.name)
    raise SystemExit(f"no QEMU of {word!r}")


def touch(pid: int, count: int) -> None:
    """Write random bytes to `count` MiB of the memory of a QEMU, which is a file in memory of its own."""
    links = [link for link in Path(f"/proc/{pid}/fd").iterdir() if "memory-backend-memfd" in str(link.readlink())]
    with links[0].open("r+b", buffering=0) as memory:
        memory.seek(64 * MIB)
        for _ in range(count):
            memory.write(os.urandom(MIB))


def own_mib(pid: int) -> float:
    """What a process has to itself (Private_Clean and Private_Dirty of smaps_rollup, proc(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
