"""What an engine with the capability PCI can do beside the contract of all (`base`)."""

from __future__ import annotations

from typing import Protocol

from xenia.model.domain import Started
from xenia.model.pci import HostPci, PciDevice


class PassesPci(Protocol):
    async def attach_pci(self, started: Started, device: PciDevice) -> None:
        """Give a guest that runs a PCI device of the host; `started` is the domain as it is with the device.

        Raises not_found, a conflict for a device that is not assignable, unavailable without an IOMMU, engine_failed;
        then it has none of it.
        """

    async def detach_pci(self, started: Started, address: str) -> None:
        """Have the guest let go of a PCI device. Raises timed_out when it does not, engine_failed: then it still has
        it.
        """

    async def assignable_pci(self) -> tuple[HostPci, ...]:
        """The devices that may be given to guests. Raises engine_failed."""

    async def make_assignable(self, address: str) -> None:
        """Take a device from the host's drivers. Raises not_found, unavailable, engine_failed."""

    async def take_back(self, address: str) -> None:
        """Let the host's drivers have it again. Raises as `make_assignable`."""
