"""What guests have used, as the kernel and QEMU have counted it; of all guests in one pass."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from xenia.engines.qemu.disk import device_name
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.threads import vcpu_stats
from xenia.model.errors import XeniaError
from xenia.model.stats import DiskStats, Stats, VcpuStats
from xenia.network.counters import read_counters, stats_of_vifs

_SECONDS = 1.0
"""How long a QEMU may take. It answers in milliseconds, unless it hangs; the others are not to wait for that."""

_PERIPHERAL = "/machine/peripheral/"
"""Where devices with an id are found. QEMU tells the path of a virtio disk, of others the id alone."""
_OURS = device_name("")


class Counters:
    """Remembers which thread runs which virtual CPU, so that QEMU is not asked for that each time."""

    def __init__(self) -> None:
        self._threads: WeakKeyDictionary[Guest, Mapping[int, int]] = WeakKeyDictionary()

    async def read(self, guests: Collection[Guest]) -> Mapping[str, Stats]:
        """By UUID. Where a QEMU does not answer, nothing is known of the disks."""
        unknown = [guest for guest in guests if guest not in self._threads]
        if unknown:
            await asyncio.gather(*map(self._learn_threads, unknown))
        asked = {guest.uuid: _ask(guest) for guest in guests}
        # The kernel is asked while the QEMUs answer.
        counters = read_counters()
        vcpus = {guest.uuid: self._vcpus(guest) for guest in guests}
        waiting = [answer for answer in asked.values() if answer is not None]
        if waiting:
            await asyncio.wait(waiting, timeout=_SECONDS)
        return {
            guest.uuid: Stats(
                vcpus[guest.uuid], _disks(guest, asked[guest.uuid]), stats_of_vifs(guest.cards.ends, counters)
            )
            for guest in guests
        }

    async def _learn_threads(self, guest: Guest) -> None:
        with suppress(XeniaError):
            told = await guest.execute("query-cpus-fast", seconds=_SECONDS)
            self._threads[guest] = {each["cpu-index"]: each["thread-id"] for each in told}

    def _vcpus(self, guest: Guest) -> tuple[VcpuStats, ...]:
        """A virtual CPU whose thread has ended was unplugged: the next look asks again which there are."""
        threads = self._threads.get(guest, {})
        found = [vcpu_stats(guest.process.pid, number, thread) for number, thread in sorted(threads.items())]
        if None in found:
            del self._threads[guest]
        return tuple(each for each in found if each is not None)


def _ask(guest: Guest) -> asyncio.Future[Any] | None:
    """A guest without disks need not be asked."""
    if guest.monitor is None or not guest.hotplug.disks:
        return None
    with suppress(XeniaError):
        return guest.monitor.ask(b"query-blockstats")
    return None


def _disks(guest: Guest, answer: asyncio.Future[Any] | None) -> tuple[DiskStats, ...] | None:
    if guest.hotplug.disks == frozenset():
        return ()
    if answer is None or not answer.done() or answer.result() is None:
        return None
    return disk_stats(answer.result())


def disk_stats(told: Sequence[Mapping[str, Any]]) -> tuple[DiskStats, ...]:
    """From query-blockstats. What is no disk of a guest file (the firmware) is passed over."""
    found = []
    for each in told:
        device = each.get("qdev", "").removeprefix(_PERIPHERAL).partition("/")[0]
        if device.startswith(_OURS):
            counted = each["stats"]
            found.append(
                DiskStats(
                    device.removeprefix(_OURS),
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
