"""vif: a card of a guest as QEMU's netdev and device."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.boot import bootindex
from xenia.engines.qemu.machine import SLOTS_VIF
from xenia.engines.qemu.place import NOT_MOVED, address_in
from xenia.engines.remarks import error
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.vif import Vif, VifType
from xenia.network.addresses import network_of
from xenia.network.attach import AttachedVif

DEFAULT_MODEL = "rtl8139"
"""What xm's HVM guests have where `model=` says nothing."""

# The names of guest files → QEMU's devices.
MODELS = {
    "rtl8139": "rtl8139",
    "e1000": "e1000",
    "ne2k_pci": "ne2k_pci",
    "pcnet": "pcnet",
    "e1000-82545em": "e1000-82545em",
    "e1000e": "e1000e",
    "vmxnet3": "vmxnet3",
    "i82551": "i82551",
    "i82557b": "i82557b",
    "i82559er": "i82559er",
    "virtio": "virtio-net-pci",
    "virtio-net": "virtio-net-pci",
    "virtio-net-pci": "virtio-net-pci",
}


def model_of(vif: Vif) -> str | None:
    """QEMU's device for a card; None where the model is not known."""
    if vif.type is VifType.PARAVIRTUAL:
        return "virtio-net-pci"
    return MODELS.get((vif.model or DEFAULT_MODEL).lower())


def add_vifs(
    line: CommandLine, config: DomainConfig, vifs: Sequence[AttachedVif], traits: Mapping[str, str] = NOT_MOVED
) -> None:
    """A netdev and a device for each card, in list order and in slots of their own, or where the `traits` of a save
    have them.
    """
    for sequence, attached in enumerate(vifs):
        number = attached.vif.item
        tap = line.inherit(attached.tap, f"tap {attached.ifname}") if attached.tap is not None else ""
        line.add("netdev", netdev_of(attached, tap))
        moved = address_in(traits, card_name(number), config)
        index = bootindex(config, "n", sequence) if moved is None else None
        line.device(
            {
                **card_of(attached),
                **(moved or {"addr": f"{SLOTS_VIF[number]:#x}"}),
                "bootindex": index,
                # Without its boot ROM a card costs the firmware no time.
                "romfile": "" if index is None else None,
            },
        )


CARD = "vif"


def card_name(number: int) -> str:
    """QEMU's id of the card `number`. A guest that runs is asked for its cards by these names."""
    return f"{CARD}{number}"


def netdev_name(number: int) -> str:
    """QEMU's id of the host's end of it."""
    return f"net{number}"


def netdev_of(attached: AttachedVif, descriptor: str) -> dict[str, Any]:
    """The host's end of a card; `descriptor` is the word by which QEMU knows that of its tap."""
    name = netdev_name(attached.vif.item)
    if attached.tap is None:
        return {"type": "user", "id": name}
    return {"type": "tap", "id": name, "fd": descriptor, "vhost": False}


def card_of(attached: AttachedVif) -> dict[str, Any]:
    number = attached.vif.item
    return {
        "driver": model_of(attached.vif),
        "id": card_name(number),
        "netdev": netdev_name(number),
        "mac": attached.mac,
    }


def explain_vifs(config: DomainConfig) -> Iterator[Complaint]:
    """Cards that are not known, too many, or ask for what has no effect."""
    if len(config.vifs) > len(SLOTS_VIF):
        yield error("vif", f"{len(config.vifs)} cards are more than the {len(SLOTS_VIF)} a guest can have on QEMU")
    for vif in config.vifs:
        item = f"vif[{vif.item}]"
        if model_of(vif) is None:
            near = difflib.get_close_matches((vif.model or "").lower(), MODELS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(MODELS))}"
            yield error(item, f"QEMU has no card {vif.model!r}", hint)
        for word in vif.ip:
            if network_of(word) is None:
                yield error(item, f"ip={word} is no address", "as in ip=192.0.2.7, several with blanks between")
