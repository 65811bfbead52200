"""Dirty bitmaps of disks of domains that run: what was changed of them since a backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from xenia.engines.base import ExportsDisks
from xenia.lib.codec import to_plain
from xenia.manager.exports import offerable
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, gone
from xenia.model.bitmap import Bitmap, check_name
from xenia.model.caller import Caller
from xenia.model.disk import Disk, DiskFormat
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require


@dataclass(frozen=True, slots=True)
class Bitmaps:
    lifecycle: Lifecycle
    turns: Turns

    async def list(self, ref: str, caller: Caller) -> tuple[Bitmap, ...]:
        """Those of all disks of a domain that runs. Raises not_found, a conflict for one that does not run,
        engine_failed.
        """
        operation = OPERATIONS["block-bitmap-list"]
        require(caller.role, operation)
        domain = await self.turns.inventory.look_up(ref)
        self.turns.permit(operation.name, domain)
        entry = self.turns.table.get(domain.uuid)
        if entry is None:
            raise gone(domain)
        disks = [disk for disk in entry.started.config.disks if disk.format is DiskFormat.QCOW2 and disk.path]
        found = [await self._engine.bitmaps(domain.uuid, disk.target) for disk in disks if not disk.cdrom]
        return tuple(bitmap for each in found for bitmap in each)

    def create(self, ref: str, target: str, name: str, caller: Caller) -> Job:
        """Have a bitmap `name` record what is changed of the disk `target` from now on. The result is `{"domain": NAME,
        "disk": Disk}`. Raises as `Turns.start`, and invalid for what can be no name.

        Fails as Exports.export, with invalid for a disk that is no qcow2 image, a conflict where there is one already.
        """
        check_name(name)

        async def verb(entry: Entry) -> dict[str, Any]:
            disk = _recordable(entry, target, caller)
            await self._engine.add_bitmap(entry.started.uuid, disk.target, name)
            return {"disk": to_plain(disk)}

        return self.turns.start("block-bitmap-create", ref, caller, verb)

    def delete(self, ref: str, target: str, name: str, caller: Caller) -> Job:
        """Forget a bitmap. Result and errors as those of `create`; not_found where there is none."""

        async def verb(entry: Entry) -> dict[str, Any]:
            disk = _recordable(entry, target, caller)
            await self._engine.remove_bitmap(entry.started.uuid, disk.target, name)
            return {"disk": to_plain(disk)}

        return self.turns.start("block-bitmap-delete", ref, caller, verb)

    @property
    def _engine(self) -> ExportsDisks:
        return cast(ExportsDisks, self.lifecycle.engine)


def _recordable(entry: Entry, target: str, caller: Caller) -> Disk:
    disk = offerable(entry, target, caller)
    if disk.format is not DiskFormat.QCOW2:
        name = entry.started.config.name
        raise invalid(
            f"{disk.target} of domain '{name}' is no qcow2 image: a {disk.format} one has no place for bitmaps",
            f"make it one, also while its guest runs: xm block-move -f qcow2 {name} {disk.target} NEW.qcow2",
        )
    return disk
