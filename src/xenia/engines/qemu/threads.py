"""The threads of a QEMU that run its guest's CPUs, as the host's kernel has them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from xenia.model.errors import engine_failed
from xenia.model.stats import VcpuStats
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


def vcpu_stats(pid: int, number: int, thread: int) -> VcpuStats | None:
    """What a virtual CPU has run and waited; None where its thread has ended."""
    counted = _scheduled(pid, thread)
    return None if counted is None else VcpuStats(number, counted[0] / 1e9, counted[1] / 1e9)


def turns_of(pid: int) -> int | None:
    """How often the main thread of a process has been given a CPU; None where it has ended."""
    counted = _scheduled(pid, pid)
    return None if counted is None else counted[2]


def _scheduled(pid: int, thread: int) -> list[int] | None:
    """Nanoseconds on a CPU, nanoseconds on a run queue, turns (Linux Documentation/scheduler/sched-stats.rst)."""
    try:
        descriptor = os.open(f"/proc/{pid}/task/{thread}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        counted = [int(word) for word in os.read(descriptor, 100).split()]
    except OSError:  # it has ended in between
        return None
    finally:
        os.close(descriptor)
    return counted if len(counted) == 3 else None


def pin(threads: Iterable[int], cpus: Iterable[int]) -> None:
    """Let `threads` run on these CPUs of the host only. Raises engine_failed."""
    for thread in threads:
        try:
            os.sched_setaffinity(thread, cpus)
        except OSError as error:
            raise engine_failed(f"the host's kernel refuses these CPUs: {error.strerror}") from error
