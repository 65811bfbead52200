"""What guests have used, as the kernel and QEMU have counted it; of all guests in one pass."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from weakref import WeakKeyDictionary

from xenia.engines.qemu.disk_counters import DiskCounters
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.threads import Clock
from xenia.model.errors import XeniaError
from xenia.model.stats import Stats, VcpuStats
from xenia.network.counters import read_counters, stats_of_vifs

_SECONDS = 1.0
"""How long a QEMU may take. It answers in milliseconds, unless it hangs; the others are not to wait for that."""


class Counters:
    """Remembers which thread runs which virtual CPU, so that QEMU is not asked for that each time."""

    def __init__(self) -> None:
        self._threads: WeakKeyDictionary[Guest, Mapping[int, Clock]] = WeakKeyDictionary()
        self._disks = DiskCounters()

    async def read(self, guests: Collection[Guest]) -> Mapping[str, Stats]:
        """By UUID. Where a QEMU does not answer, nothing is known of the disks."""
        unknown = [guest for guest in guests if len(self._threads.get(guest, ())) != guest.cpus.count]
        if unknown:
            await asyncio.gather(*map(self._learn_threads, unknown))
        asked = {guest.uuid: self._disks.ask(guest) for guest in guests}
        # The kernel is asked while the QEMUs answer.
        counters = read_counters()
        vcpus = {guest.uuid: self._vcpus(guest) for guest in guests}
        waiting = [answer for answer in asked.values() if answer is not None]
        if waiting:
            await asyncio.wait(waiting, timeout=_SECONDS)
        return {
            guest.uuid: Stats(
                vcpus[guest.uuid],
                self._disks.told(guest, asked[guest.uuid]),
                stats_of_vifs(guest.cards.interfaces, counters),
            )
            for guest in guests
        }

    async def _learn_threads(self, guest: Guest) -> None:
        with suppress(XeniaError):
            told = await guest.execute("query-cpus-fast", seconds=_SECONDS)
            pid = guest.process.pid
            self._threads[guest] = {each["cpu-index"]: Clock(pid, each["thread-id"]) for each in told}

    def _vcpus(self, guest: Guest) -> tuple[VcpuStats, ...]:
        """A virtual CPU whose thread has ended was unplugged: the next look asks again which there are."""
        counted = [(number, clock.read()) for number, clock in sorted(self._threads.get(guest, {}).items())]
        found = [VcpuStats(number, each[0] / 1e9, each[1] / 1e9) for number, each in counted if each is not None]
        if len(found) < len(counted):
            del self._threads[guest]
        return tuple(found)
