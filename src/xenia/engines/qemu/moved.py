"""Devices that came, or whose neighbours went, while the guest ran: they are not where a start would put them."""

from __future__ import annotations

from xenia.engines.qemu.disk import device_name
from xenia.engines.qemu.machine import BRIDGE, SLOTS_VIF
from xenia.engines.qemu.pci import Qemu
from xenia.engines.qemu.place import ROOT, trait_of
from xenia.engines.qemu.slots import slots_of
from xenia.engines.qemu.vif import card_name
from xenia.model.domain import DomainConfig


async def moved_devices(qemu: Qemu, config: DomainConfig) -> dict[str, str]:
    """Where they are, as traits of a save. Raises engine_failed."""
    wanted, found = _at_start(config), {}
    for each in (await qemu.execute("query-pci"))[0]["devices"]:
        found[each["qdev_id"]] = f"{ROOT}/{each['slot']:#x}"
        for below in each.get("pci_bridge", {}).get("devices", ()):
            found[below["qdev_id"]] = f"{BRIDGE}/{below['slot']:#x}"
    return {trait_of(name): found[name] for name, place in wanted.items() if found.get(name, place) != place}


def _at_start(config: DomainConfig) -> dict[str, str]:
    """The place of each device that has a PCI slot of its own, as a start chooses it."""
    places = {card_name(vif.item): f"{ROOT}/{SLOTS_VIF[vif.item]:#x}" for vif in config.vifs}
    for disk, slot in slots_of(config):
        if slot is not None and slot.driver == "virtio-blk-pci":
            places[device_name(disk.target)] = f"{ROOT}/{slot.address['addr']}"
    return places
