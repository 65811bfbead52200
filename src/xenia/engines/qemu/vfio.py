"""PCI devices of the host in a guest, through the kernel's vfio.

Untried, for want of an IOMMU; written against QEMU's hw/vfio/pci.c and Linux Documentation/driver-api/vfio.rst. QEMU
has to open the file of the IOMMU group itself: so that belongs to the guest's user as long as it has the device, and
the guest may lock all of its memory.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from xenia.engines.qemu.machine import SLOTS_DISK
from xenia.engines.qemu.pci import Qemu, Unplugging, devices, free_slot
from xenia.engines.remarks import warning
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.errors import unavailable
from xenia.model.pci import PciDevice, devices_of
from xenia.storage.pci import PciHost

PASSED = "pci-"
"""What the names of the devices begin with."""


def device_id(address: str) -> str:
    """What QEMU calls the device: `pci-0000-01-00.0`."""
    return PASSED + address.replace(":", "-")


def address_of(device: str) -> str:
    """The address of the device that QEMU calls `device`."""
    return device.removeprefix(PASSED).replace("-", ":")


def explain_pci(config: DomainConfig) -> Iterator[Complaint]:
    """What of `pci` has no effect."""
    items = config.other.get("pci") or []
    if len(devices_of(items)) < len(items if isinstance(items, list) else [items]):
        yield warning("pci", "an item of pci that names several functions has no effect on QEMU", "name each: 01:00.0")


class PassedPci:
    """Those of one guest, by address. Its methods raise engine_failed where QEMU does not do as asked."""

    def __init__(self, qemu: Qemu, unplugging: Unplugging, host: PciHost) -> None:
        self.addresses: frozenset[str] | None = None
        """None before `look`."""
        self._qemu = qemu
        self._unplugging = unplugging
        self._host = host

    async def look(self) -> frozenset[str]:
        """Learn which there are. Those that were there before and are no more."""
        found = frozenset(map(address_of, await devices(self._qemu, PASSED)))
        gone = (self.addresses or frozenset()) - found
        self.addresses = found
        return gone

    async def plug(self, config: DomainConfig, device: PciDevice, pid: int, uid: int | None) -> None:
        """Raises also what PciHost.group_of raises, and a conflict when the guest has no free slot."""
        node = self._host.group_of(device.address)
        address = await free_slot(self._qemu, config, SLOTS_DISK)
        _let_have(node, pid, uid)
        arguments = {"driver": "vfio-pci", "id": device_id(device.address), "host": device.address, **address}
        await self._qemu.execute("device_add", arguments)
        await self.look()

    async def unplug(self, address: str) -> None:
        await self._unplugging.unplug(device_id(address), address)
        await self.look()
        with suppress(OSError):  # the file is gone with the last device of the group
            os.chown(self._host.group_of(address), 0, 0)


def _let_have(node: Path, pid: int, uid: int | None) -> None:
    try:
        if uid is not None:
            os.chown(node, uid, -1)
        resource.prlimit(pid, resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except OSError as error:
        raise unavailable(
            f"the guest cannot be given {node}: {error.strerror}", "only a xend of root hands out PCI devices"
        ) from error
