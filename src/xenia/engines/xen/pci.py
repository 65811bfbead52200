"""PCI devices of the host in a domain, through xl and the driver xen-pciback of Domain-0.

Untried, for want of an IOMMU; written against xl(1) and xl-pci-configuration(5).
"""

from __future__ import annotations

import re

from xenia.engines.xen.xl import Xl
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.pci import HostPci, PciDevice
from xenia.storage.pci import PciHost

_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


async def look(xl: Xl, domid: int) -> frozenset[str]:
    """The addresses of the devices that it has (xl_pci.c, pcilist: `Vdev Device`, then a line each)."""
    return frozenset(_ADDRESS.findall(await xl.run("pci-list", str(domid))))


async def attach(xl: Xl, domid: int, device: PciDevice, host: PciHost) -> None:
    """As PassesPci.attach_pci."""
    if device.address not in {each.address for each in await assignable(xl)}:
        host.find(device.address)
        raise conflict(
            f"PCI device {device.address} is the host's own, not ready to be given away",
            f"xm pci-assignable-add {device.address}",
        )
    try:
        await xl.run("pci-attach", str(domid), device.item)
    except XeniaError as error:
        raise XeniaError(
            error.message,
            kind=error.kind,
            hint="a domain that is to get PCI devices while it runs needs passthrough = 'enabled' in its file, and the "
            "host an IOMMU: xl info shows hvm_directio or pv_directio among virt_caps",
        ) from error


async def detach(xl: Xl, domid: int, address: str) -> None:
    await xl.run("pci-detach", str(domid), address)


async def assignable(xl: Xl) -> tuple[HostPci, ...]:
    return tuple(HostPci(address) for address in _ADDRESS.findall(await xl.run("pci-assignable-list")))


async def make_assignable(xl: Xl, address: str, host: PciHost) -> None:
    host.find(address)
    await xl.run("pci-assignable-add", address)


async def take_back(xl: Xl, address: str) -> None:
    if address not in {each.address for each in await assignable(xl)}:
        raise not_found(f"PCI device {address} is not among those that may be given away", "xm pci-assignable-list")
    await xl.run("pci-assignable-remove", "-r", address)
