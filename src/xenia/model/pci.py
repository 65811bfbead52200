"""PCI devices of the host for a guest, as the items of `pci = [...]` name them (xl-pci-configuration(5))."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xenia.model.errors import XeniaError, invalid

_ADDRESS = re.compile(r"(?:0*([0-9a-f]{1,4}):)?0*([0-9a-f]{1,2}):0*([01]?[0-9a-f])\.0*([0-7])", re.IGNORECASE)
_SLOT = re.compile(r"0*([01]?[0-9a-f])", re.IGNORECASE)
_HINT = "bus, device and function in hexadecimal, such as 01:00.0 (lspci shows them)"


@dataclass(frozen=True, slots=True)
class PciDevice:
    """`address` is where the host has it, `0000:01:00.0`; `item` the whole text that names it, with its options."""

    address: str
    item: str


@dataclass(frozen=True, slots=True)
class HostPci:
    """A PCI device of the host that may be given away: `group` is its IOMMU group, whose devices go together; None
    where it is not known.
    """

    address: str
    group: int | None = None


def read_address(text: str) -> str:
    """With all its digits: `0000:01:00.0`. Raises invalid."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        raise invalid(f"'{text}' is no address of a PCI device", _HINT)
    domain, bus, slot, function = found.groups()
    return f"{int(domain or '0', 16):04x}:{int(bus, 16):02x}:{int(slot, 16):02x}.{function}"


def read_device(text: str, slot: str = "") -> PciDevice:
    """The device of an item, with `slot` as its place in the guest where that is given. Raises invalid."""
    device, *options = [part.strip() for part in text.split(",")]
    if "=" in device:  # all of it is words
        options.insert(0, device)
        device = ""
    words = dict(option.partition("=")[::2] for option in options)
    device, _, given = (device or words.pop("bdf", "")).partition("@")
    slot = slot or given or words.pop("vslot", "")
    if device.endswith(".*"):
        raise invalid(f"'{text}' names several devices", "name each of its functions: 01:00.0, then 01:00.1")
    address = read_address(device)
    if slot and _SLOT.fullmatch(slot) is None:
        raise invalid(f"'{slot}' is no slot of a guest: 0 to 1f, in hexadecimal", "leave it out: a free one is taken")
    place = f"@{slot}" if slot else ""
    return PciDevice(address, ",".join((f"{address}{place}", *(f"{name}={value}" for name, value in words.items()))))


def devices_of(items: object) -> tuple[PciDevice, ...]:
    """The devices of `pci = [...]`, what names none left out."""
    texts: Iterable[object] = items if isinstance(items, list | tuple) else [items]
    found = []
    for text in texts:
        try:
            found.append(read_device(str(text)))
        except XeniaError:
            continue
    return tuple(found)


def without(other: Mapping[str, Any], gone: Container[object]) -> dict[str, Any]:
    """`other` (DomainConfig) without the devices at these addresses in its `pci`."""
    devices = devices_of(other.get("pci", ()))
    kept = [device.item for device in devices if device.address not in gone]
    return {**other, "pci": kept} if len(kept) < len(devices) else dict(other)
