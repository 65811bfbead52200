"""Virtual CPUs that come and go while a guest runs, by ACPI. What QEMU says counts, never a list of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from xenia.engines.qemu.pci import Qemu
from xenia.model.errors import XeniaError, conflict, invalid

UNPLUG_SECONDS = 10.0
"""How long a guest may take to let go of CPUs; a Linux guest takes some milliseconds for each."""

_PENDING = "in the process of unplug"
"""What QEMU says (qdev_unplug) while the guest has not yet answered an earlier request."""

_EJECT, _DONE, _IN_PROGRESS = 3, 0, 0x84
"""The guest's answers to a request to let go of a device (ACPI 6.4, 6.3.5: _OST)."""


class Cpus:
    """Those of one guest, numbered from 0; `count` is how many it has. Its methods raise engine_failed where QEMU does
    not do as asked.
    """

    def __init__(self, qemu: Qemu, count: int) -> None:
        self.count = count
        self._qemu = qemu
        self._stale = False
        self._changed = asyncio.Event()
        self._refused = False

    async def look(self) -> None:
        """Learn how many there are."""
        await self._slots()

    async def keep_up(self) -> None:
        """The same, if the guest has let go of one since."""
        if self._stale:
            await self.look()

    async def set(self, count: int) -> int:
        """Plug CPUs in or unplug them; how many there are then. Raises also invalid where none can be unplugged, and a
        conflict for more than the machine has room for.
        """
        slots = await self._slots()
        if count > len(slots):
            raise conflict(f"the guest's machine has room for {len(slots)} virtual CPUs", "start it anew")
        if count < self.count:
            await self._unplug(count)
        for number, slot in enumerate(slots[:count]):
            if "qom-path" not in slot:
                cpu = {"driver": slot["type"], "id": f"cpu-{number}", **slot["props"]}
                await self._qemu.execute("device_add", cpu)
        await self.look()
        return self.count

    async def _unplug(self, count: int) -> None:
        """Ask for all above `count` at once, the last one first, and wait for the guest."""
        if not (await self._qemu.execute("query-kvm"))["enabled"]:
            raise invalid(
                "QEMU's own emulation is damaged when a CPU is unplugged: that takes KVM",
                "xm vcpu-set --config sets how many it has at its next start",
            )
        self._refused = False
        self._changed.clear()
        for slot in reversed((await self._slots())[count:]):
            if "qom-path" in slot:
                await self._ask_for(slot["qom-path"])
        with suppress(TimeoutError):
            async with asyncio.timeout(UNPLUG_SECONDS):
                while self.count > count and not self._refused:
                    await self._changed.wait()
                    self._changed.clear()
                    await self.look()

    async def _ask_for(self, path: str) -> None:
        try:
            await self._qemu.execute("device_del", {"id": path})
        except XeniaError as error:
            if _PENDING not in error.message:
                raise

    async def _slots(self) -> list[dict[str, Any]]:
        """The places for CPUs in order; those that are taken have a path."""
        told = await self._qemu.execute("query-hotpluggable-cpus")
        self._stale = False
        slots: list[dict[str, Any]] = sorted(told, key=lambda each: int(each["props"]["core-id"]))
        self.count = sum("qom-path" in slot for slot in slots)
        return slots

    def on_event(self, event: str, data: Mapping[str, Any]) -> None:
        """Take note of an event of QEMU's: what the guest answers to a request to let go of a CPU."""
        info = data.get("info")
        if event != "ACPI_DEVICE_OST" or not isinstance(info, Mapping):
            return
        if info.get("slot-type") != "CPU" or info.get("source") != _EJECT or info.get("status") == _IN_PROGRESS:
            return
        self._refused = self._refused or info.get("status") != _DONE
        self._stale = True
        self._changed.set()
