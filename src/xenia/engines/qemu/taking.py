"""Whether a guest has taken a device that was plugged in.

Drivers of virtio devices say when they are ready (DRIVER_OK; Virtual I/O Device 1.1, 2.1). QEMU tells that since 7.2.
Of others, and of an older QEMU's, it is known whether the guest has switched their addresses on, which drivers do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from xenia.engines.base import UNSEEN_SECONDS, Plugged
from xenia.engines.qemu.pci import Qemu
from xenia.model.errors import XeniaError

_LOOK_AGAIN = 0.01
_LOOK_AGAIN_LATER = 0.1
_READY = "VIRTIO_CONFIG_S_DRIVER_OK"
_OF_A_SYSTEM = frozenset({"virtio-balloon", "virtio-serial"})
"""Devices that no firmware drives: where they are ready, an operating system is up."""
_UNMAPPED = (-1, (1 << 64) - 1)
"""PCI_BAR_UNMAPPED (hw/pci/pci.h), with and without its sign."""


async def how_taken(qemu: Qemu, device: str, seconds: float) -> Plugged:
    """As engines.base.Plugs.how_taken, for the device of this name. Raises engine_failed."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not await _is_taken(qemu, device):
        passed = loop.time() - begun
        if passed >= min(seconds, UNSEEN_SECONDS) and not await _is_up(qemu):
            return Plugged.UNSEEN
        if passed >= seconds:
            return Plugged.IGNORED
        await asyncio.sleep(_LOOK_AGAIN if passed < UNSEEN_SECONDS else _LOOK_AGAIN_LATER)  # QEMU tells nobody
    return Plugged.TAKEN


async def _is_taken(qemu: Qemu, device: str) -> bool:
    ready = await _is_ready(qemu, f"/machine/peripheral/{device}/virtio-backend")
    return await _has_addresses(qemu, device) if ready is None else ready


async def _is_up(qemu: Qemu) -> bool:
    try:
        told: Sequence[Mapping[str, Any]] = await qemu.execute("x-query-virtio")
    except XeniaError:
        return False
    return any([await _is_ready(qemu, each["path"]) for each in told if each["name"] in _OF_A_SYSTEM])


async def _is_ready(qemu: Qemu, path: str) -> bool | None:
    """Whether the driver of a virtio device is; None for what is none, or is not known."""
    try:
        told = await qemu.execute("x-query-virtio-status", {"path": path})
    except XeniaError:
        return None
    return any(status.startswith(_READY) for status in told["status"]["statuses"])


async def _has_addresses(qemu: Qemu, device: str) -> bool:
    for bus in await qemu.execute("query-pci"):
        for each in bus["devices"]:
            for found in (each, *each.get("pci_bridge", {}).get("devices", ())):
                if found["qdev_id"] == device:
                    return any(region["address"] not in _UNMAPPED for region in found["regions"])
    return False
