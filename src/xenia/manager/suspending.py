"""suspend and resume: domains whose saves are kept here, beside their records.

That a domain is suspended is written down before its save has its name, and forgotten after it has gone on. So a new
xend that finds it running knows that it is not suspended (any more), and one that does not, where it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.manager.inventory import Inventory
from xenia.manager.jobs import Jobs
from xenia.manager.saves import Saves
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.domain import Domain, DomainRecord, Suspension
from xenia.model.errors import ErrorKind, ResourceError, XeniaError, conflict, invalid
from xenia.model.host import EngineReport
from xenia.model.job import Job
from xenia.model.operations import HOST_OPERATIONS, permit_on_host
from xenia.model.save import RestoreRequest, SaveRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suspending:
    """`folder` is where the saves are, which only xend's own user may enter."""

    saves: Saves
    turns: Turns
    jobs: Jobs
    inventory: Inventory
    report: Callable[[], EngineReport]
    folder: Path

    def suspend(self, ref: str, caller: Caller) -> Job:
        """Save a domain and end it, as a job that can be cancelled. Raises as `Turns.start`."""

        async def verb(entry: Entry) -> dict[str, Any]:
            tell, commit = self.jobs.progress, self.jobs.commit
            await self.put_away(entry, lambda done: tell(job.id, done), lambda: commit(job.id))
            return {}

        job = self.turns.start("suspend", ref, caller, verb, cancellable=True)
        return job

    async def put_away(self, entry: Entry, tell: Callable[[float], None], commit: Callable[[], None]) -> None:
        """What suspend does; the caller holds the lock of the domain's name. Raises as `Saves.save`, OSError: then it
        runs on.
        """
        records, started = self.saves.lifecycle.records, entry.started
        file, now = self.folder / f"{started.uuid}.save", self.saves.lifecycle.clock()
        self.saves.files.make_folder(self.folder)
        record = records.by_uuid(started.uuid) or DomainRecord(started.uuid, started.config.name)
        config = started.config
        suspended = Suspension(now, str(file), config.memory, config.vcpus, config.kind, config.disks)
        await records.save(replace(record, suspended=suspended))
        try:
            seal = await self.saves.save(entry, SaveRequest(str(file)), tell, commit)
        except BaseException:
            await records.note(record)  # a new xend sees that it runs
            raise
        known = records.by_uuid(started.uuid) or record
        await records.note(replace(known, suspended=replace(suspended, seal=seal)))

    def resume(self, ref: str, caller: Caller, *, paused: bool = False, changed: bool = False) -> Job:
        """Let a suspended domain go on, as a job; its result has `domain`, `uuid` and `domid`. `changed`: also where a
        disk is not as it was. Raises denied, not_found, a conflict for one that is not suspended.
        """
        permit_on_host(HOST_OPERATIONS["resume"], caller.role, self.report())
        domain, record = self._suspended(ref)

        async def work() -> dict[str, Any]:
            entry = await self.bring_back(record, paused, changed, lambda done: self.jobs.progress(job.id, done))
            return {"domain": domain.name, "uuid": record.uuid, "domid": entry.started.domid}

        job = self.jobs.start("resume", domain.name, caller, work)
        return job

    async def bring_back(
        self, record: DomainRecord, paused: bool, changed: bool, tell: Callable[[float], None]
    ) -> Entry:
        """What resume does. Raises as `Saves.restore`; then it stays suspended."""
        if record.suspended is None:
            raise _not_suspended(record.name)
        request = RestoreRequest(record.suspended.file, paused, changed)
        try:
            return await self.saves.restore(request, tell, then=self.forget, seal=record.suspended.seal)
        except XeniaError as error:
            if error.kind is not ErrorKind.INVALID or isinstance(error, ResourceError):
                raise
            hint = f"there is no other copy; to let it boot afresh: xm resume --discard {record.name}"
            raise invalid(error.message, hint) from error

    def discard(self, ref: str, caller: Caller) -> Job:
        """Forget what a suspended domain was doing, as a job: it boots at its next start. Raises as `resume`."""
        permit_on_host(HOST_OPERATIONS["resume"], caller.role, self.report())
        domain, record = self._suspended(ref)

        async def work() -> dict[str, Any]:
            async with self.turns.of(domain):
                _, now = self._suspended(record.uuid)
                await self.forget(now.uuid)
            return {"domain": domain.name}

        return self.jobs.start("resume", domain.name, caller, work)

    def _suspended(self, ref: str) -> tuple[Domain, DomainRecord]:
        domain = self.inventory.find(ref)
        record = self.saves.lifecycle.records.by_uuid(domain.uuid) if domain.suspended else None
        if record is None:
            raise _not_suspended(domain.name)
        return domain, record

    async def forget(self, uuid: str) -> None:
        """It is not suspended: its save is removed, and then what is written down of it. Raises OSError where the save
        cannot be removed.
        """
        records = self.saves.lifecycle.records
        record = records.by_uuid(uuid)
        if record is not None and record.suspended is not None:
            self.saves.files.remove(Path(record.suspended.file))
            await records.note(replace(record, suspended=None))

    async def settle(self) -> None:
        """After what runs was found again: a domain that does is not suspended."""
        for entry in self.saves.lifecycle.table:
            try:
                await self.forget(entry.started.uuid)
            except (XeniaError, OSError) as error:
                log.error("the save of %s cannot be removed: %s", entry.started.config.name, error)


def _not_suspended(name: str) -> XeniaError:
    return conflict(f"domain '{name}' is not suspended", "xm list --all tells which are")
