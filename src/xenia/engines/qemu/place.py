"""Where a save has the devices of its guest that are not where a start would put them, as traits of the save.

A guest that goes on must find each device in the PCI slot that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from xenia.engines.qemu.machine import board_of
from xenia.model.domain import DomainConfig

ROOT = "root"
NOT_MOVED: Mapping[str, str] = MappingProxyType({})

_TRAIT = "place."


def trait_of(name: str) -> str:
    """The trait that has the place of the device `name`, as `BUS/SLOT`, BUS being `root` for the root bus."""
    return _TRAIT + name


def address_in(traits: Mapping[str, str], name: str, config: DomainConfig) -> dict[str, Any] | None:
    """The address of the device `name` for QEMU; None where a start puts it in its place."""
    place = traits.get(trait_of(name))
    if place is None:
        return None
    bus, _, slot = place.partition("/")
    root = "pci.0" if board_of(config) == "pc" else "pcie.0"
    return {"bus": root if bus == ROOT else bus, "addr": slot}
