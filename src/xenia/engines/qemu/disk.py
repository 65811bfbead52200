"""vbd: images as QEMU's block nodes, and the drives that hold them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Protocol

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.boot import bootindex
from xenia.engines.qemu.machine import SLOT_SCSI, board_of
from xenia.engines.qemu.place import NOT_MOVED, address_in
from xenia.engines.qemu.slots import Slot, scsi_controller, slots_of
from xenia.engines.remarks import error, note
from xenia.model.complaint import Complaint
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import XeniaError
from xenia.storage.network_disk import driver_of
from xenia.storage.open import ImageLayer, OpenedDisk

_DRIVERS = {DiskFormat.VHD: "vpc"}
"""Where QEMU's name of a format is not ours."""

_PERIPHERAL = "/machine/peripheral/"
"""Where devices with an id are found. QEMU tells the path of a virtio disk, of others the id alone."""


def add_disks(
    line: CommandLine,
    config: DomainConfig,
    disks: Sequence[OpenedDisk],
    held: ExitStack | None,
    traits: Mapping[str, str] = NOT_MOVED,
) -> None:
    """Controllers, block nodes and drives; the drives where the `traits` of a save have them.

    `held` keeps descriptors that are opened for QEMU alone until it has been started; None when nothing is to be
    opened.
    """
    placed = [(opened, slot) for opened, (_, slot) in zip(disks, slots_of(config), strict=True) if slot is not None]
    if any(slot.scsi for _, slot in placed):
        line.device({"driver": scsi_controller(config), "id": "scsi", "addr": f"{SLOT_SCSI:#x}"})
    if any(slot.driver == "floppy" for _, slot in placed) and board_of(config) == "q35":
        line.device({"driver": "isa-fdc"})
    for number, (opened, slot) in enumerate(placed):
        if opened.filled:
            line.add("blockdev", node_of(opened, line, held))
        moved = address_in(traits, device_name(opened.disk.target), config)
        if moved is None:
            _add_drive(line, opened, slot, bootindex(config, slot.letter, number))
        else:
            _add_drive(line, opened, replace(slot, address=moved), None)


def device_name(target: str) -> str:
    """QEMU's id of the drive `target`. A guest that runs is asked for its disks by these names."""
    return f"vbd-{target}"


def node_name(target: str) -> str:
    """QEMU's name of the block node in it, and owner of the descriptors below that."""
    return f"disk-{target}"


def target_of(told: Mapping[str, Any]) -> str | None:
    """The disk that an entry of query-block or query-blockstats is about; None for what is none of a guest file."""
    device: str = told.get("qdev", "").removeprefix(_PERIPHERAL).partition("/")[0]
    ours = device_name("")
    return device.removeprefix(ours) if device.startswith(ours) else None


def _add_drive(line: CommandLine, opened: OpenedDisk, slot: Slot, index: int | None) -> None:
    if slot.driver == "floppy" and index is not None:  # the controller knows the order of its drives
        line.add("global", f"isa-fdc.bootindex{'AB'[slot.address['unit']]}={index}")
        index = None
    line.device({**drive_of(opened, slot.driver, slot.address), "bootindex": index})


def drive_of(opened: OpenedDisk, driver: str, address: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a drive; those that are None are left to QEMU."""
    target = opened.disk.target
    return {
        "driver": driver,
        "id": device_name(target),
        **address,
        "drive": node_name(target) if opened.filled else None,
        "share-rw": True if opened.disk.mode is DiskMode.SHARED else None,
    }


def explain_disks(config: DomainConfig) -> Iterator[Complaint]:
    """Disks that have no place, change their name, or ask for what has no effect."""
    targets: set[str] = set()
    taken: dict[tuple[object, ...], Disk] = {}
    for disk, slot in slots_of(config):
        item, target = f"disk[{disk.item}]", disk.target
        if disk.source is DiskSource.NETWORK:
            yield from _explain_network(item, disk)
        if disk.source is DiskSource.EMPTY and not disk.cdrom and disk.bus is not DiskBus.FLOPPY:
            yield error(item, f"{target} has no image, and only a CD-ROM or floppy drive can be empty")
        if target in targets:
            yield error(item, f"there is a disk {target} already")
            continue
        targets.add(target)
        if slot is None:
            yield error(item, f"there is no place for {target} on QEMU", _PLACES)
            continue
        place = (slot.driver == "floppy", *slot.address.values())
        if place in taken:
            yield error(item, f"{target} is {slot.where}, where {taken[place].target} is already")
        taken[place] = disk
        yield from _notes(item, config, disk, slot)


def _explain_network(item: str, disk: Disk) -> Iterator[Complaint]:
    try:
        driver_of(disk.path)
    except XeniaError as refusal:
        yield error(item, refusal.message, refusal.hint)
    if disk.format is not DiskFormat.RAW:
        yield error(item, f"{disk.path} is on the network, where only raw disks are read", "leave its format away")


_PLACES = "hda to hdd, sda to sdg, xvda to xvdp, fda, fdb, and the CD-ROMs sr0, sr1 have one"


def _notes(item: str, config: DomainConfig, disk: Disk, slot: Slot) -> Iterator[Complaint]:
    if slot.driver == "virtio-blk-pci" and disk.bus is not DiskBus.VIRTIO:
        yield note(item, f"{disk.target} is {slot.where} in the guest")
    elif config.kind is Kind.HVM and disk.bus is DiskBus.XEN:
        yield note(item, f"{disk.target} is a CD-ROM at {slot.where}")
    if disk.script and disk.source is not DiskSource.NETWORK:
        yield note(item, f"script={disk.script} has no effect on QEMU")
    if disk.backend:
        yield note(item, f"backend={disk.backend} has no effect on QEMU")


class FdSets(Protocol):
    """Where descriptors become paths that QEMU opens, and secrets names: a command line, or a QEMU that runs."""

    def fdset(self, descriptors: Sequence[int], what: str, owner: str) -> str: ...

    def secret(self, name: str, base64: str, held: ExitStack | None) -> str: ...


def node_of(opened: OpenedDisk, sets: FdSets, held: ExitStack | None) -> dict[str, Any]:
    """The image with its backing files as one nested node, by descriptors only: no file name inside an image is ever
    followed. `held` as for add_disks.
    """
    if opened.network is not None:
        return _network(opened, opened.network, sets, held)
    return _node(opened, sets, held, 0)


def _network(opened: OpenedDisk, options: Mapping[str, Any], sets: FdSets, held: ExitStack | None) -> dict[str, Any]:
    """Not by descriptors: QEMU itself speaks to the server."""
    access = {"read-only": opened.disk.mode is DiskMode.READ_ONLY or opened.disk.cdrom}
    name = node_name(opened.disk.target)
    key = {"key-secret": sets.secret(f"key-{name}", opened.key, held)} if opened.key else {}
    return {"driver": "raw", "node-name": name, **access, "discard": "unmap", "file": {**options, **key, **access}}


def _node(opened: OpenedDisk, sets: FdSets, held: ExitStack | None, depth: int) -> dict[str, Any]:
    layer = opened.layers[depth]
    node = _layer(opened, sets, held, depth)
    if layer.format is not DiskFormat.RAW:
        below = depth + 1 < len(opened.layers)
        node["backing"] = _node(opened, sets, held, depth + 1) if below else None
    return node


def overlay_of(opened: OpenedDisk, name: str, sets: FdSets, held: ExitStack) -> dict[str, Any]:
    """The first layer alone, as the node `name`: what is below it is there already, and is put there later."""
    return {**_layer(opened, sets, held, 0), "node-name": name, "backing": None}


def _layer(opened: OpenedDisk, sets: FdSets, held: ExitStack | None, depth: int) -> dict[str, Any]:
    """What is below is only read, for QEMU does so unasked; a layer of which that is said is never written to, also
    where one is merged into it (block-commit).

    QEMU takes no locks: xend has taken them, on descriptors that QEMU inherits. Its own would stay behind on those
    members of a set that it does not use any more.
    """
    layer, name = opened.layers[depth], node_name(opened.disk.target)
    access = {} if depth else {"read-only": not layer.writable}
    path = sets.fdset(_members(layer, held), f"image {layer.path}", name)
    return {
        "driver": _DRIVERS.get(layer.format, layer.format.value),
        "node-name": f"{name}-{depth}" if depth else name,
        **access,
        "discard": "unmap",
        "file": {
            "driver": "host_device" if layer.block_device else "file",
            "filename": path,
            **access,
            "discard": "unmap",
            "locking": "off",
        },
    }


def _members(layer: ImageLayer, held: ExitStack | None) -> list[int]:
    """A writable image is also handed over read-only, for the moments in which QEMU wants it so."""
    if not layer.writable or held is None:
        return [layer.descriptor]
    reader = os.open(f"/proc/self/fd/{layer.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    held.callback(os.close, reader)
    return [layer.descriptor, reader]
