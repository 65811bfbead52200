"""Giving a domain another name: in its record, in its guest file, and where it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.guestfile.names import why_unusable
from xenia.manager.guest_files import GuestFiles
from xenia.manager.inventory import Inventory
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.restoring import refuse_suspended
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, still_runs
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.domain import Definition, DomainRecord
from xenia.model.errors import conflict, invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require


@dataclass(frozen=True, slots=True)
class Renaming:
    lifecycle: Lifecycle
    guest_files: GuestFiles
    inventory: Inventory
    turns: Turns

    def rename(self, ref: str, name: str, caller: Caller) -> Job:
        """Give a domain another name, whether it runs or not, as a job.

        Its result is `{"domain": NAME, "file": FILE, "notes": [TEXT]}`. Raises as `Turns.start`, and invalid for what
        can be no name and for a domain whose guest file cannot be used.
        """
        require(caller.role, OPERATIONS["rename"])
        unusable = why_unusable(name)
        if unusable is not None:
            raise invalid(*unusable)
        domain = self.inventory.find(ref)
        self.turns.permit("rename", domain)
        if domain.problem:
            raise invalid(f"the guest file of '{domain.name}' cannot be used: {domain.problem}", "put it right first")
        if domain.name == name:
            raise conflict(f"domain '{name}' is called so already")

        async def work() -> dict[str, Any]:
            async with self._alone(domain.name, name):
                entry = self.lifecycle.table.by_name(domain.name)
                still_runs(domain, entry)
                if entry is not None:
                    self.turns.permit("rename", self.inventory.domain(entry))
                return {"domain": name} | await self._rename(domain.name, name, entry, caller)

        return self.turns.jobs.start("rename", domain.name, caller, work)

    @asynccontextmanager
    async def _alone(self, old: str, new: str) -> AsyncIterator[None]:
        """Alone with both names; always in the same order, so that no two renames wait for each other."""
        async with AsyncExitStack() as held:
            for name in sorted({old, new}):
                await held.enter_async_context(self.turns.locks(name))
            yield

    async def _rename(self, old: str, new: str, entry: Entry | None, caller: Caller) -> dict[str, Any]:
        """Call the domain `old` by the name `new`; `entry` where it runs. Under the locks of both names.

        The result has `file`, the guest file that was edited (or ""), and `notes`. Whatever fails, nothing has changed.
        What an xend that is killed in between leaves is finished by the same rename. Raises a conflict for a name that
        is taken and for a domain that others have started, and what an edit of the guest file raises.
        """
        if entry is not None and entry.started.foreign:
            raise conflict(f"domain '{old}' was started by others, who know it by its name", f"xm adopt {old}")
        record = self.lifecycle.records.by_uuid(entry.started.uuid) if entry else self.lifecycle.records.by_name(old)
        refuse_suspended(record if entry is None else None)
        definition = entry.started.definition if entry else record.definition if record else Definition()
        await self.guest_files.definitions.refresh()
        self._refuse_taken(new, definition.file)
        notes: tuple[str, ...] = ()
        async with AsyncExitStack() as undo:
            if record is not None:
                await self.lifecycle.records.save(_renamed(record, new))
                undo.push_async_callback(self.lifecycle.records.save, record)
            file = await self.guest_files.find_of(old) if self.guest_files.definitions.of(old) else ""
            if file:
                saved = await self.guest_files.edit(file, [Change(Action.SET, "name", new)], caller)
                if saved.changed:
                    undo.push_async_callback(self.guest_files.revert, file, saved.version - 1, caller)
                file, notes = saved.file, saved.notes
            if entry is not None:
                await self.lifecycle.rename(entry, new, _called(definition, new))
            undo.pop_all()
        return {"file": file, "notes": [*notes, *self._left(old, new, definition.file)]}

    def _refuse_taken(self, new: str, own_file: str) -> None:
        holder = self.guest_files.table.by_name(new)
        if holder is not None:
            raise conflict(f"a domain named '{new}' exists already (id {holder.started.domid})", "choose another name")
        files = [each.file for each in self.guest_files.definitions.of(new) if each.file != own_file]
        if files:
            raise conflict(f"{files[0]} defines a domain '{new}' already", "choose another name")

    def _left(self, old: str, new: str, own_file: str) -> list[str]:
        """What still has the old name and is not ours to change."""
        others = [each.file for each in self.guest_files.definitions.of(old)]
        if own_file and Path(own_file).parent != self.guest_files.folder.folder:
            others.append(own_file)
        return [f"{file} still says name = '{old}': edit it where '{new}' is to start from it" for file in others]


def _renamed(record: DomainRecord, name: str) -> DomainRecord:
    return replace(record, name=name, definition=_called(record.definition, name))


def _called(definition: Definition, name: str) -> Definition:
    """The same with another name, where the command line gave it."""
    overrides = (f"name={name}" if word.partition("=")[0].strip() == "name" else word for word in definition.overrides)
    return replace(definition, overrides=tuple(overrides))
