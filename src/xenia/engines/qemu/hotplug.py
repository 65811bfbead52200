"""Disks that come and go while a guest runs.

What QEMU says counts, never a list of ours: so a xend that was killed in between, or was not there when a guest let go
of a disk, finds what is true.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from xenia.engines.qemu.disk import device_name, drive_of, node_name, node_of
from xenia.engines.qemu.machine import SLOTS_DISK
from xenia.engines.qemu.nodes import owned
from xenia.engines.qemu.pci import Qemu, Unplugging, devices, free_slot
from xenia.engines.qemu.sets import next_sets
from xenia.engines.qemu.slots import slots_of
from xenia.engines.tray import open_tray
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, invalid
from xenia.storage.open import OpenedDisk

log = logging.getLogger(__name__)

_SHUT = "Tray of the device is not open"
_TRIES = 5

_PLUGGABLE = "virtio-blk-pci"


class Hotplug:
    """The disks of one guest. Its methods raise engine_failed where QEMU does not do as asked."""

    def __init__(self, qemu: Qemu, unplugging: Unplugging) -> None:
        self.disks: frozenset[str] | None = None
        """Their targets; None before `look`."""
        self.media: dict[str, bool] | None = None
        """Of the drives whose medium can be changed, whether there is one in them."""
        self._qemu = qemu
        self._unplugging = unplugging
        self._turn = asyncio.Lock()
        """What is left over is told from what is half done by this: only one of them looks or changes."""

    async def look(self) -> frozenset[str]:
        """Learn which disks there are, and remove what is left of those that the guest has let go of. The targets that
        were there before and are no more.
        """
        async with self._turn:
            return await self._look()

    async def _look(self) -> frozenset[str]:
        found = await devices(self._qemu, device_name(""))
        nodes = await self._qemu.execute("query-named-block-nodes", {"flat": True})
        names = [node["node-name"] for node in nodes]
        sets = await self._qemu.execute("query-fdsets")
        owners = {descriptor.get("opaque", "") for each in sets for descriptor in each["fds"]}
        prefix = node_name("")
        tops = {name.partition(".")[0] for name in names}  # those of network disks have no descriptors
        ours = (name.removeprefix(prefix) for name in owners | tops if name.startswith(prefix))
        left = {target for target in ours if "-" not in target} - found
        for target in left:
            try:
                await self._release(target, owned(names, target))
            except XeniaError as error:
                log.warning("what is left of the disk %s is not removed: %s", target, error)
        gone = (self.disks or frozenset()) - found
        self.disks = found
        self.media = await self._media()
        return gone

    async def _media(self) -> dict[str, bool]:
        prefix = device_name("")
        return {
            each["qdev"].removeprefix(prefix): "inserted" in each
            for each in await self._qemu.execute("query-block")
            if each["removable"] and each.get("qdev", "").startswith(prefix)
        }

    async def plug(self, config: DomainConfig, opened: OpenedDisk) -> None:
        """Plug in the last disk of `config`. Raises also invalid for one that cannot be."""
        target = opened.disk.target
        slot = list(slots_of(config))[-1][1]
        if slot is None or slot.driver != _PLUGGABLE or not opened.filled:
            where = slot.where if slot is not None else "nowhere"
            raise invalid(
                f"{target} would be {where}, and only paravirtual disks are plugged into a guest that runs",
                "call it xvdb, or what follows that",
            )
        async with self._turn:
            await self._plug(config, opened, slot.driver)

    async def _plug(self, config: DomainConfig, opened: OpenedDisk, driver: str) -> None:
        target = opened.disk.target
        address = await free_slot(self._qemu, config, SLOTS_DISK)
        drive = drive_of(opened, driver, address)
        await self._add(opened, "device_add", {name: value for name, value in drive.items() if value is not None})
        self.disks = (self.disks or frozenset()) | {target}

    async def _add(self, opened: OpenedDisk, command: str, arguments: Mapping[str, object]) -> None:
        """Open the image in QEMU, and have `command` use it; if that fails it is closed again."""
        sets = await next_sets(self._qemu)
        with ExitStack() as held:
            node = node_of(opened, sets, held)
            try:
                await sets.hand_over()
                await self._qemu.execute("blockdev-add", node)
                await self._qemu.execute(command, arguments)
            except BaseException:
                with contextlib.suppress(XeniaError):
                    await self._release(opened.disk.target, [node_name(opened.disk.target)])
                raise
            finally:
                await sets.forget_secrets()

    async def change_medium(self, opened: OpenedDisk, *, force: bool) -> None:
        """Put another medium into a drive, or none. Raises also invalid and a conflict."""
        async with self._turn:
            await self._change_medium(opened, force=force)

    async def _change_medium(self, opened: OpenedDisk, *, force: bool) -> None:
        target = opened.disk.target
        if target not in await self._media():
            raise invalid(f"{target} is a disk in the guest, and no drive whose medium can be changed")
        drive = {"id": device_name(target)}
        await self._open_tray(target, force=force)
        try:
            await self._qemu.execute("eject", {**drive, "force": force})
            await self._release(target, await self._nodes(target))
            if opened.filled:
                await self._insert(opened, drive, force=force)
            await self._qemu.execute("blockdev-close-tray", drive)
        finally:
            self.media = await self._media()

    async def _insert(self, opened: OpenedDisk, drive: Mapping[str, object], *, force: bool) -> None:
        """A guest that starts over, or looks for what to boot, closes the tray under our hands: then once more."""
        target = opened.disk.target
        for tries_left in reversed(range(_TRIES)):
            try:
                await self._add(opened, "blockdev-insert-medium", {**drive, "node-name": node_name(target)})
                return
            except XeniaError as error:
                if _SHUT not in error.message or not tries_left:
                    raise
            await self._open_tray(target, force=force)

    async def _open_tray(self, target: str, *, force: bool) -> None:
        tray = {"id": device_name(target), "force": force}
        await open_tray(target, lambda: self._qemu.execute("blockdev-open-tray", tray))

    async def _nodes(self, target: str) -> list[str]:
        nodes = await self._qemu.execute("query-named-block-nodes", {"flat": True})
        return owned([node["node-name"] for node in nodes], target)

    async def unplug(self, target: str) -> None:
        """Have the guest let go of a disk. Raises also timed_out and a conflict."""
        await self._unplugging.unplug(device_name(target), target)
        await self.look()

    async def _release(self, target: str, nodes: Sequence[str]) -> None:
        """Close the image, with all its `nodes`. Its lock lasts until QEMU has closed the last of its descriptors."""
        try:
            await self._delete(nodes)
        finally:
            for each in await self._qemu.execute("query-fdsets"):
                if any(descriptor.get("opaque") == node_name(target) for descriptor in each["fds"]):
                    await self._qemu.execute("remove-fd", {"fdset-id": each["fdset-id"]})

    async def _delete(self, nodes: Sequence[str]) -> None:
        """What another is based on goes after that."""
        left = list(nodes)
        while left:
            before = len(left)
            for name in tuple(left):
                try:
                    await self._qemu.execute("blockdev-del", {"node-name": name})
                    left.remove(name)
                except XeniaError:
                    if len(left) == before and name == left[-1]:
                        raise
