"""What is done to an image while the guest whose disk it is runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from xenia.engines.base import Engine, WorksOnDisks
from xenia.lib.text import printable
from xenia.manager.locks import NameLocks
from xenia.manager.table import Entry, Table
from xenia.model.caller import Caller, Role
from xenia.model.disk import Disk, DiskMode
from xenia.model.domain import ALIVE, State
from xenia.model.errors import XeniaError, conflict, denied
from xenia.model.host import Capability, EngineReport
from xenia.model.image import ImageUser
from xenia.storage.volumes.device import real_path


@dataclass(frozen=True, slots=True)
class LiveImages:
    """`report` tells what the engine can do."""

    engine: Engine
    table: Table
    locks: NameLocks
    report: Callable[[], EngineReport]

    async def grow(self, path: str, user: ImageUser, size: int, caller: Caller) -> tuple[str, ...]:
        """Make the image `path`, the disk of a domain that runs, `size` bytes large; what is to be said of it.

        Raises a conflict for one that the domain does not write to alone or an engine that cannot, denied for an
        operator and a domain that an administrator has started, engine_failed.
        """
        async with self.locks.of(lambda: user.domain):
            entry, disk = await self._its_disk(path, user, caller)
            seen = await self._worker.grow_disk(entry.started, disk.target, size)
        if seen:
            return ()
        return (f"domain '{user.domain}' sees the new size of {disk.target} when it is started anew",)

    async def refuse(self, path: str, user: ImageUser, caller: Caller) -> None:
        """Raises what `grow` would raise before it changes something."""
        async with self.locks.of(lambda: user.domain):
            await self._its_disk(path, user, caller)

    @property
    def _worker(self) -> WorksOnDisks:
        return cast(WorksOnDisks, self.engine)

    async def _its_disk(self, path: str, user: ImageUser, caller: Caller) -> tuple[Entry, Disk]:
        entry = self.table.by_name(user.domain)
        disks = entry.started.config.disks if entry is not None else ()
        disk = next((disk for disk in disks if disk.target == user.target), None)
        if entry is None or disk is None or entry.state not in ALIVE | {State.PAUSED}:
            raise self._in_use(path, user)
        if Capability.LIVE_DISKS not in self.engine.capabilities:
            raise self._in_use(path, user, self.report().lacks.get(Capability.LIVE_DISKS, ""))
        if disk.mode is not DiskMode.WRITE or disk.cdrom:
            raise self._in_use(path, user, "the domain does not write to it alone")
        if entry.started.trusted and caller.role < Role.ADMINISTRATOR:
            raise denied(f"domain '{user.domain}' was started by an administrator, and only one may change its disks")
        if real_path((await self._worker.written_to(entry.started.uuid)).get(disk.target, "")) != path:
            raise conflict(f"'{printable(path)}' is not what domain '{user.domain}' writes to now")
        return entry, disk

    def _in_use(self, path: str, user: ImageUser, why: str = "") -> XeniaError:
        return conflict(
            f"'{printable(path)}' is the disk {user.target} of domain '{user.domain}', which runs"
            + (f": {why}" if why else ""),
            user.way_out,
        )
