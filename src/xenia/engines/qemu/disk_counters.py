"""What the disks of guests have done, as QEMU has counted it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from xenia.engines.qemu.disk import target_of
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.threads import Clock
from xenia.model.errors import XeniaError
from xenia.model.stats import DiskStats


@dataclass(frozen=True, slots=True)
class _Answer:
    """`settled`: the answer before was the same, and `turns` is how often the main loop had run by then."""

    disks: tuple[DiskStats, ...]
    turns: int | None
    settled: bool


class DiskCounters:
    """Asks a QEMU only when it may have something new to tell.

    Requests end in its main loop, and are counted there: one that has not run since it answered has done nothing for a
    disk. It may have done so in the very turn in which it answered, after that; so two answers have to be the same
    before the next question is spared. To be asked costs a QEMU more than anything else here.
    """

    def __init__(self) -> None:
        self._answers: WeakKeyDictionary[Guest, _Answer] = WeakKeyDictionary()
        self._main_loops: WeakKeyDictionary[Guest, Clock] = WeakKeyDictionary()

    def ask(self, guest: Guest) -> asyncio.Future[Any] | None:
        """The answer as it will come; None where there is nothing to ask."""
        if guest.monitor is None:
            self._answers.pop(guest, None)
            return None
        if not guest.hotplug.disks:
            return None
        last = self._answers.get(guest)
        if last is not None and last.settled and last.turns == self._turns(guest):
            return None
        with suppress(XeniaError):
            return guest.monitor.ask(b"query-blockstats")
        self._answers.pop(guest, None)
        return None

    def told(self, guest: Guest, answer: asyncio.Future[Any] | None) -> tuple[DiskStats, ...] | None:
        """The disks of a guest; None where its QEMU does not answer. `answer` is what `ask` has returned."""
        if guest.hotplug.disks == frozenset():
            return ()
        last = self._answers.get(guest)
        if answer is None:
            return last.disks if last is not None else None
        if not answer.done() or answer.result() is None:
            self._answers.pop(guest, None)
            return None
        disks = disk_stats(answer.result())
        settled = last is not None and last.disks == disks
        self._answers[guest] = _Answer(disks, self._turns(guest) if settled else None, settled)
        return disks

    def _turns(self, guest: Guest) -> int | None:
        """How often its main thread has been given a CPU; None where it has ended."""
        clock = self._main_loops.get(guest)
        if clock is None:
            clock = self._main_loops[guest] = Clock(guest.process.pid, guest.process.pid)
        counted = clock.read()
        if counted is None:
            del self._main_loops[guest]
            return None
        return counted[2]


def disk_stats(told: Sequence[Mapping[str, Any]]) -> tuple[DiskStats, ...]:
    """From query-blockstats."""
    found = []
    for each in told:
        target, counted = target_of(each), each["stats"]
        if target is not None:
            found.append(
                DiskStats(
                    target,
                    counted["rd_bytes"],
                    counted["wr_bytes"],
                    counted["rd_operations"],
                    counted["wr_operations"],
                    counted["failed_rd_operations"] + counted["failed_wr_operations"],
                    counted["rd_total_time_ns"] / 1e9,
                    counted["wr_total_time_ns"] / 1e9,
                )
            )
    return tuple(found)
