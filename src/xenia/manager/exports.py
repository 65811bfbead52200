"""Disks of domains that run, offered to backup tools as they were at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, cast

from xenia.engines.base import ExportsDisks
from xenia.lib.aio import undisturbed
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.disks import found_disk, own
from xenia.manager.freezing import SECONDS as FROZEN_SECONDS
from xenia.manager.freezing import Freezing
from xenia.manager.host_start import HOST
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, gone, still_runs
from xenia.model.caller import Caller, Role
from xenia.model.disk import Disk, DiskMode
from xenia.model.domain import Domain
from xenia.model.errors import XeniaError, denied, engine_failed, invalid, unavailable
from xenia.model.host import Capability
from xenia.model.job import Job, JobState
from xenia.model.operations import OPERATIONS, require
from xenia.storage.images.export import tcp_listener, unix_listener
from xenia.storage.images.fleece import fleecing_image
from xenia.storage.images.nbd import Reader, Unreadable, connect
from xenia.storage.paths import shell_word

_LOOK_AGAIN = 2.0
"""Seconds between two looks whether it can still be read."""

_END_SECONDS = 5.0
"""How long a guest may take to be known as ended once its QEMU is gone."""

OFFERED = 0.0
"""What a job tells as its progress once the disk is offered; there is no more."""


@dataclass(frozen=True, slots=True)
class Exports:
    """`sockets` is the folder of the sockets, `folder` that of what guests overwrite meanwhile."""

    lifecycle: Lifecycle
    turns: Turns
    freezing: Freezing
    sockets: Path
    folder: Path

    def export(self, ref: str, target: str, caller: Caller, *, listen: str = "", bitmap: str = "") -> Job:
        """Offer what the disk `target` of a domain that runs holds at this moment over NBD, read-only, until the job is
        cancelled: at the socket `ID.sock` in `sockets`, ID being that of the job, to `caller` alone; or, where `listen`
        is an address and port, there to everybody. The job has a `progress` once it is offered. The guest writes on.
        With `bitmap` it is told, too, what was changed since that was made (the metadata context `qemu:dirty-bitmap:`
        and its name).

        Fails with not_found, invalid for a disk that its domain does not write to alone, denied, a conflict where
        something else is done to the disk, unavailable when nothing more can be kept of what the guest overwrites or
        the domain has ended.
        """
        operation = OPERATIONS["block-export"]
        require(caller.role, operation)
        if listen and caller.role < Role.ADMINISTRATOR:
            raise denied("only an administrator may offer a disk to the network", "leave --listen away")
        domain = self.turns.inventory.find(ref)
        self.turns.permit(operation.name, domain)
        jobs = self.turns.jobs

        async def work() -> dict[str, Any]:
            place = self.sockets / f"{job.id}.sock"
            async with AsyncExitStack() as held:
                listener = held.enter_context(tcp_listener(listen) if listen else unix_listener(place, caller.uid))
                async with self._turn(domain) as entry:
                    disk = offerable(entry, target, caller)
                    size = await self._engine.disk_size(domain.uuid, disk.target)
                    store = await held.enter_async_context(fleecing_image(self.folder, disk, size))
                    async with self._frozen(entry):
                        await self._engine.begin_export(domain.uuid, store, listener, bitmap)
                        held.push_async_callback(self._end_undisturbed, domain, disk.target)
                reader = await _reader_of(listener)
                held.callback(reader.close)
                jobs.progress(job.id, OFFERED)
                step(f"offers {disk.target} at {listen or place}, until the job is cancelled")
                await _until_over(reader)
                raise await self._why(domain, disk.target)

        job = jobs.start(operation.name, domain.name, caller, work, cancellable=True)
        return job

    async def end_all(self) -> None:
        """The host is being stopped."""
        for job in self.turns.jobs.all():
            if job.operation == "block-export" and job.state is JobState.RUNNING:
                await self.turns.jobs.cancel(job.id, HOST)

    @property
    def _engine(self) -> ExportsDisks:
        return cast(ExportsDisks, self.lifecycle.engine)

    @asynccontextmanager
    async def _turn(self, domain: Domain) -> AsyncIterator[Entry]:
        """Alone with a domain, if it is still the same and still possible."""
        async with self.turns.of(domain):
            entry = self.turns.table.get(domain.uuid)
            still_runs(domain, entry)
            if entry is None:
                raise gone(domain)
            self.turns.permit("block-export", self.turns.inventory.domain(entry))
            yield entry

    @asynccontextmanager
    async def _frozen(self, entry: Entry) -> AsyncIterator[None]:
        """With what the guest has to write on its disks, where its agent sees to that."""
        able = Capability.AGENT_COMMANDS in self.lifecycle.engine.capabilities and not entry.started.paused
        try:
            if able:
                await self.freezing.freeze_if_it_answers(entry, FROZEN_SECONDS)
            yield
        finally:
            if able:
                await self.freezing.thaw_if_frozen(entry)

    async def _end_undisturbed(self, domain: Domain, target: str) -> None:
        """Who cancels twice is not to keep QEMU from being told."""
        await undisturbed(self._end(domain, target))

    async def _end(self, domain: Domain, target: str) -> None:
        async with self.turns.of(domain):
            await self._engine.end_export(domain.uuid, target)

    async def _why(self, domain: Domain, target: str) -> XeniaError:
        """Why a disk is offered no more. The end of a QEMU is told a little after its connections have ended."""
        for _ in range(round(_END_SECONDS * 10)):
            entry = self.turns.table.get(domain.uuid)
            if entry is None or entry.started.domid != domain.domid:
                return unavailable(f"domain '{domain.name}' has ended, and so has the export of {target}")
            await asyncio.sleep(0.1)
        return engine_failed(f"QEMU offers {target} of domain '{domain.name}' no more")


async def _reader_of(listener: socket) -> Reader:
    try:
        return await connect(listener.getsockname())
    except (OSError, EOFError) as error:
        raise engine_failed(f"what QEMU offers cannot be read: {error}") from error


async def _until_over(reader: Reader) -> None:
    """Return when the server has ended it. Raises unavailable when what is offered cannot be read any more."""
    try:
        while True:
            await reader.read_first()
            await asyncio.sleep(_LOOK_AGAIN)
    except Unreadable as error:
        raise unavailable(
            "what the guest overwrites could not be kept any more, so that what was offered is lost; the guest runs on",
            "free some space below var/lib/xenia/exports, and begin again",
        ) from error
    except (OSError, EOFError):
        return


def offerable(entry: Entry, target: str, caller: Caller) -> Disk:
    """The disk, if the domain writes to its image and nobody else does. Raises not_found, invalid, denied."""
    started = own(entry)
    name = started.config.name
    disk = found_disk(started.config, target)
    if started.trusted and caller.role < Role.ADMINISTRATOR:
        raise denied(f"domain '{name}' was started by an administrator, and only one may offer its disks")
    if not disk.path:
        raise invalid(f"there is nothing in {disk.target} of domain '{name}'", f"xm block-list {name}")
    if disk.cdrom or disk.mode is DiskMode.READ_ONLY:
        raise invalid(
            f"domain '{name}' does not write to {disk.target}", f"xm disk export {shell_word(printable(disk.path))}"
        )
    if disk.mode is DiskMode.SHARED:
        raise invalid(f"other domains write to {disk.target}, too (w!): it is never the disk of one moment")
    return disk
