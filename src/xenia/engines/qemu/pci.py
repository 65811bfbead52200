"""Slots for devices that come while a guest runs, and guests that are asked to let go of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from xenia.engines.qemu.machine import BRIDGE, SLOTS_BRIDGE, board_of
from xenia.engines.qemu.monitor import SECONDS
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, conflict, timed_out

UNPLUG_SECONDS = 10.0
"""How long a guest may take to let go of a device; a Linux guest takes some tenths of a second."""

_PENDING = "in the process of unplug"
"""What QEMU says (qdev_unplug) while the guest has not yet answered an earlier request."""


class Qemu(Protocol):
    """What is used of a guest's monitor."""

    async def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, *, seconds: float = SECONDS
    ) -> Any: ...

    def send(self, descriptor: int) -> None: ...


async def devices(qemu: Qemu, prefix: str) -> frozenset[str]:
    """What follows `prefix` in the names of the devices that have it. Raises engine_failed."""
    found = await qemu.execute("qom-list", {"path": "/machine/peripheral"})
    return frozenset(each["name"].removeprefix(prefix) for each in found if each["name"].startswith(prefix))


async def free_slot(qemu: Qemu, config: DomainConfig, slots: range) -> dict[str, Any]:
    """The address of a free slot: one of `slots` on the root bus of pc, any of the bridge on q35.

    Raises a conflict when there is none, engine_failed.
    """
    on_bridge = board_of(config) == "q35"
    bus, slots = (BRIDGE, SLOTS_BRIDGE) if on_bridge else ("pci.0", slots)
    taken = (await qemu.execute("query-pci"))[0]["devices"]
    if on_bridge:
        taken = next((each["pci_bridge"].get("devices", []) for each in taken if each["qdev_id"] == BRIDGE), None)
        if taken is None:
            raise conflict("the guest was started without room for devices", "start it anew: xm shutdown, xm create")
    numbers = {each["slot"] for each in taken}
    free = next((slot for slot in slots if slot not in numbers), None)
    if free is None:
        raise conflict(f"all {len(slots)} places of the guest for such devices are taken", "unplug one first")
    return {"bus": bus, "addr": f"{free:#x}"}


class Unplugging:
    """The requests to one guest that wait for its answer."""

    def __init__(self, qemu: Qemu) -> None:
        self._qemu = qemu
        self._waiting: dict[str, asyncio.Future[None]] = {}

    async def unplug(self, device: str, what: str) -> None:
        """Have the guest let go of `device`, which is `what` to people. Raises engine_failed, timed_out, and a conflict
        when the guest says no.
        """
        told = self._waiting[device] = asyncio.get_running_loop().create_future()
        try:
            try:
                await self._qemu.execute("device_del", {"id": device})
            except XeniaError as error:
                if _PENDING not in error.message:
                    raise
            async with asyncio.timeout(UNPLUG_SECONDS):
                await told
        except TimeoutError as error:
            raise timed_out(
                f"the guest did not let go of {what} within {UNPLUG_SECONDS:g} s, and keeps it until it does",
                "see what uses it there, and whether the guest is up; then try again",
            ) from error
        finally:
            del self._waiting[device]

    def on_event(self, event: str, data: Mapping[str, Any]) -> str | None:
        """Take note of an event of QEMU's. The device that the guest has let go of when nobody waited for that."""
        device = data.get("device")
        if event not in ("DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR") or not isinstance(device, str):
            return None
        waiting = self._waiting.get(device)
        if waiting is None:
            return device if event == "DEVICE_DELETED" else None
        if not waiting.done():
            if event == "DEVICE_DELETED":
                waiting.set_result(None)
            else:
                waiting.set_exception(conflict("the guest refuses to let go of it", "see what uses it there"))
        return None
