"""USB devices of one guest, which come and go while it runs.

What comes is plugged into a controller of its own (xHCI), which takes devices of every speed and is there from the
first one on. Devices of the host are handed over opened, so that QEMU needs no right to them; that is untried, for want
of hardware, and written against QEMU's hw/usb/host-libusb.c (`hostdevice`).
"""

from __future__ import annotations

from typing import Any

from xenia.engines.qemu.machine import SLOT_USB
from xenia.engines.qemu.pci import Qemu, Unplugging, devices, free_slot
from xenia.model.domain import DomainConfig
from xenia.model.usb import is_hosts
from xenia.storage.usb import OpenedUsb

DRIVERS = {"tablet": "usb-tablet", "mouse": "usb-mouse", "keyboard": "usb-kbd"}

_PREFIX = "usb-"
_CONTROLLER = "xhci"
_PORTS = 15
"""The most that it can have of each speed."""


def device_id(word: str) -> str:
    """What QEMU calls the device: `usb-tablet`, `usb-host-1.3`."""
    return _PREFIX + word.replace(":", "-")


def _word(name: str) -> str:
    """The device whose id is `name` without the prefix."""
    return name.replace("-", ":")


class UsbDevices:
    """Its methods raise engine_failed where QEMU does not do as asked."""

    def __init__(self, qemu: Qemu, unplugging: Unplugging) -> None:
        self.words: frozenset[str] | None = None
        """Those that the guest has; None before `look`."""
        self._qemu = qemu
        self._unplugging = unplugging

    async def look(self) -> None:
        self.words = frozenset(_word(name) for name in await devices(self._qemu, _PREFIX))

    async def plug(self, config: DomainConfig, opened: OpenedUsb) -> None:
        """Raises also a conflict when the guest has no room for a controller."""
        if not await devices(self._qemu, _CONTROLLER):
            address = await free_slot(self._qemu, config, range(SLOT_USB, SLOT_USB + 1))
            ports = {"p2": _PORTS, "p3": _PORTS}
            await self._qemu.execute("device_add", {"driver": "qemu-xhci", "id": _CONTROLLER, **ports, **address})
        device = {"id": device_id(opened.word), "bus": f"{_CONTROLLER}.0"}
        if is_hosts(opened.word):
            await self._plug_hosts(device, opened.descriptor)
        else:
            await self._qemu.execute("device_add", {"driver": DRIVERS[opened.word], **device})
        await self.look()

    async def _plug_hosts(self, device: dict[str, Any], descriptor: int) -> None:
        """QEMU keeps a copy of the descriptor of its own."""
        self._qemu.send(descriptor)
        handed = await self._qemu.execute("add-fd", {"opaque": device["id"]})
        try:
            path = f"/dev/fdset/{handed['fdset-id']}"
            await self._qemu.execute("device_add", {"driver": "usb-host", "hostdevice": path, **device})
        finally:
            await self._qemu.execute("remove-fd", {"fdset-id": handed["fdset-id"]})

    async def unplug(self, word: str) -> None:
        await self._unplugging.unplug(device_id(word), word)
        await self.look()
