"""Applying a folder of guest files: all of it or nothing, with the way back.

What is going to be written is written down first (`store/applied`). If a file cannot be written, those before it are
taken back; if xend is killed in between, the next one takes them back. What was written can be undone until the next
apply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xenia.lib.steps import step
from xenia.manager.folder_plan import Planner
from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.jobs import Jobs
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.model.caller import Caller
from xenia.model.errors import GuestFileError, XeniaError, conflict, not_found
from xenia.model.folder_plan import FolderPlan, Outcome, Write
from xenia.model.job import Job
from xenia.store.applied import Journal
from xenia.store.folder import changed_meanwhile

log = logging.getLogger(__name__)

_TAKEN_BACK = "taken back: "


@dataclass(frozen=True, slots=True)
class FolderApply:
    """`locks` are those of the domains' names."""

    planner: Planner
    guest_files: GuestFiles
    journal: Journal
    lifecycle: Lifecycle
    locks: NameLocks
    jobs: Jobs
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def plan(self, folder: str, caller: Caller, *, remove: bool) -> FolderPlan:
        """What `apply` would do. Raises denied for others than administrators, not_found for no folder."""
        require_administrator(caller)
        return (await self.planner.plan(folder, caller, remove=remove)).plan

    def apply(self, folder: str, caller: Caller, *, remove: bool, digest: str) -> Job:
        """Do what the plan with this `digest` says, as a job. Its result has `written` (files) and `changed` (domains
        that run). Raises denied.

        The job fails with a conflict when it would be another plan now, and with a GuestFileError while a file that
        would be written is refused; then nothing was done. Whatever else fails, all files are as they were.
        """
        require_administrator(caller)
        where = folder or str(self.guest_files.folder.folder)
        return self.jobs.start("apply", where, caller, lambda: self._apply(folder, caller, remove, digest))

    def undo(self, caller: Caller) -> Job:
        """Bring back what the last apply has replaced, as a job, which can be undone in turn. Raises denied.

        The job fails with not_found where there is nothing to undo, and with a conflict where a file was changed since.
        """
        require_administrator(caller)
        return self.jobs.start("undo", "the last apply", caller, lambda: self._undo(caller))

    async def _apply(self, folder: str, caller: Caller, remove: bool, digest: str) -> dict[str, Any]:
        async with self.turn:
            planned = await self.planner.plan(folder, caller, remove=remove)
            if planned.plan.digest != digest:
                raise conflict("something has changed since this was planned; nothing was done", "look again: xm plan")
            refused = [row for row in planned.plan.rows if row.outcome is Outcome.REFUSED and row.written]
            if refused:
                complaints = tuple(each for row in refused for each in row.complaints)
                files = ", ".join(row.file for row in refused)
                raise GuestFileError(f"nothing was done, since these files are refused: {files}", complaints)
            where = folder or str(self.guest_files.folder.folder)
            if planned.writes:
                await self._write(planned.writes, caller.name, f"applied from {where}")
            return await self._result(planned.writes, {row.domain for row in planned.plan.rows})

    async def _undo(self, caller: Caller) -> dict[str, Any]:
        async with self.turn:
            last = await self.journal.read()
            if last is None or not last.done:
                raise not_found("there is no apply to take back", "xm config revert brings back single files")
            writes = [Write(each.file, each.after, each.before, each.mode) for each in last.writes]
            changed = [each.file for each in writes if self.guest_files.folder.read_if_there(each.file) != each.before]
            if changed:
                raise conflict(
                    f"these files were changed since they were applied: {', '.join(changed)}; nothing was done",
                    "bring back single ones: xm config history FILE, xm config revert FILE",
                )
            taken_back = last.what.removeprefix(_TAKEN_BACK)
            what = f"{_TAKEN_BACK}{last.what}" if taken_back == last.what else f"again: {taken_back}"
            await self._write(writes, caller.name, what)
            written = {each.file for each in writes}
            await self.guest_files.definitions.refresh()
            defined = self.guest_files.definitions.files()
            return await self._result(writes, {config.name for config, file in defined if Path(file).name in written})

    async def recover(self) -> None:
        """Take back what an xend that was killed has left half done. Called once, before any request."""
        last = await self.journal.read()
        if last is None or last.done:
            return
        log.warning("%s was cut off: it is taken back", last.what)
        await self._take_back(last.writes, "", f"{_TAKEN_BACK}{last.what}, which was cut off")
        await self.journal.forget()

    async def _write(self, writes: Sequence[Write], who: str, what: str) -> None:
        await self.journal.write(what, writes, done=False)
        begun: list[Write] = []
        try:
            for each in writes:
                begun.append(each)
                await self._write_one(each, who, what)
            await self.journal.write(what, writes, done=True)
        except BaseException:
            await self._take_back(begun, who, f"{_TAKEN_BACK}{what}, which failed")
            await self.journal.forget()
            raise

    async def _write_one(self, write: Write, who: str, what: str) -> None:
        async with self.guest_files.locks(write.file):
            if self.guest_files.folder.read_if_there(write.file) != write.before:
                raise changed_meanwhile(self.guest_files.folder.path(write.file))
            await self.guest_files.write(write.file, write.before, write.after, who, what, mode=write.mode)
            step(f"{write.file}: {'removed' if write.after is None else 'changed' if write.before else 'written'}")

    async def _take_back(self, writes: Sequence[Write], who: str, what: str) -> None:
        """As far as they were written. What somebody else has made of a file since is left."""
        for each in reversed(writes):
            if self.guest_files.folder.read_if_there(each.file) != each.after:
                continue
            try:
                await self._write_one(replace(each, before=each.after, after=each.before), who, what)
            except (XeniaError, OSError) as error:
                log.error("%s cannot be taken back: %s; xm config revert does it", each.file, error)

    async def _result(self, writes: Sequence[Write], domains: set[str]) -> dict[str, Any]:
        """Change what can be changed in those of `domains` that run, and tell what was done."""
        await self.guest_files.definitions.refresh()
        changed = [name for name in sorted(domains) if await self._change(name)]
        return {"written": sorted(each.file for each in writes), "changed": changed}

    async def _change(self, domain: str) -> bool:
        """Give a domain that runs what its guest file says and can be changed (model.live); whether it was not so."""
        async with self.locks(domain):
            entry = self.guest_files.table.by_name(domain)
            if entry is None or entry.started.foreign:
                return False
            wanted = self.guest_files.defined(entry.started)
            if wanted is None:
                return False
            before = entry.started.config
            after = replace(before, policy=wanted.policy, order=wanted.order, tags=wanted.tags)
            if after == before:
                return False
            await self.lifecycle.note(entry, config=after)
            step(f"domain {domain} has its policy, order and tags from there")
            return True
