"""What an engine with the capability USB_HOTPLUG can do beside the contract of all (`base`)."""

from __future__ import annotations

from typing import Protocol

from xenia.model.domain import Started
from xenia.storage.usb import OpenedUsb


class PlugsUsb(Protocol):
    async def attach_usb(self, started: Started, opened: OpenedUsb) -> None:
        """Plug in a USB device, and a controller where there is none; `started` is the domain as it is with the device.

        Raises invalid for one that cannot be plugged into this guest, engine_failed; then it has none of it.
        """

    async def detach_usb(self, started: Started, word: str) -> None:
        """Unplug a USB device; the guest is not asked. Raises engine_failed, and then it still has it."""
