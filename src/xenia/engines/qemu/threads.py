"""The threads of a QEMU that run its guest's CPUs, as the host's kernel has them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from xenia.model.errors import engine_failed
from xenia.model.vcpu import Vcpu, VcpuState

_TICKS = os.sysconf("SC_CLK_TCK")


def vcpu_of(pid: int, told: dict[str, Any]) -> Vcpu | None:
    """From a member of query-cpus-fast; None where its thread has ended (proc(5), /proc/pid/task/tid/stat)."""
    thread = int(told["thread-id"])
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/task/{thread}/stat").read_text().rpartition(")")[2].split()
        allowed = os.sched_getaffinity(thread)
        state = VcpuState.RUNNING if fields[0] == "R" else VcpuState.BLOCKED
        seconds = (int(fields[11]) + int(fields[12])) / _TICKS
        cpus = None if len(allowed) == os.cpu_count() else tuple(sorted(allowed))
        return Vcpu(int(told["cpu-index"]), state, int(fields[36]), seconds, cpus)
    return None


class Clock:
    """What the kernel counts of a thread (Linux Documentation/scheduler/sched-stats.rst). It keeps the file open: to
    open one in /proc costs six times what it costs to read it.
    """

    def __init__(self, pid: int, thread: int) -> None:
        try:
            self._descriptor = os.open(f"/proc/{pid}/task/{thread}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._descriptor = -1

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def read(self) -> tuple[int, int, int] | None:
        """Nanoseconds on a CPU, nanoseconds on a run queue, how often it was given a CPU; None where it has ended, and
        where the kernel does not count.
        """
        try:
            ran, waited, turns = os.pread(self._descriptor, 100, 0).split()
        except (OSError, ValueError):
            return None
        return int(ran), int(waited), int(turns)


def pin(threads: Iterable[int], cpus: Iterable[int]) -> None:
    """Let `threads` run on these CPUs of the host only. Raises engine_failed."""
    for thread in threads:
        try:
            os.sched_setaffinity(thread, cpus)
        except OSError as error:
            raise engine_failed(f"the host's kernel refuses these CPUs: {error.strerror}") from error
