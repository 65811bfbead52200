"""mem-set and mem-max: how much memory a domain has, and may have, now and at its next start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.inventory import Inventory
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, still_runs
from xenia.model.caller import Caller, Role
from xenia.model.change import Action, Change
from xenia.model.domain import Domain, DomainConfig
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require
from xenia.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Memory:
    lifecycle: Lifecycle
    guest_files: GuestFiles
    inventory: Inventory
    turns: Turns

    def resize(self, operation: str, ref: str, size: int, scope: Scope, caller: Caller) -> Job:
        """mem-set or mem-max: give a domain `size` MiB, or let it have so much at most, as a job.

        Its result is `{"domain": NAME, "memory": MIB, "file": FILE, "notes": [TEXT]}`. What is asked for in a guest
        file needs an administrator. Raises as `Turns.start`.
        """
        require(caller.role, OPERATIONS[operation])
        domain = self.inventory.find(ref)
        if scope is Scope.BOTH and domain.domid is None:
            scope = Scope.CONFIG
        elif scope is Scope.BOTH and caller.role < Role.ADMINISTRATOR:
            scope = Scope.LIVE  # guest files are not theirs
        if scope is not Scope.LIVE:
            require_administrator(caller)
        if scope is not Scope.CONFIG or domain.domid == 0:
            self.turns.permit(operation, domain)
        change = self._set if operation == "mem-set" else self._set_max

        async def work() -> dict[str, Any]:
            async with self.turns.of(domain):
                entry = self.lifecycle.table.get(domain.uuid)
                still_runs(domain, entry)
                await self.inventory.measure()
                now = self.inventory.domain(entry) if entry is not None else domain
                if entry is not None and scope is not Scope.CONFIG:
                    self.turns.permit(operation, now)
                changed = await change(now, entry if scope is not Scope.CONFIG else None, size, scope, caller)
                return {"domain": now.name} | changed

        return self.turns.jobs.start(operation, domain.name, caller, work)

    async def _set(
        self, domain: Domain, entry: Entry | None, size: int, scope: Scope, caller: Caller
    ) -> dict[str, Any]:
        """Give `domain` `size` MiB. Under the lock of its name; `entry` where it runs and is to be changed.

        The result has `memory`, the MiB that the guest had when this returned (None where it was not asked), `file`,
        the guest file that was edited (or ""), and `notes`. Whatever fails, nothing has changed. Raises invalid for a
        size out of bounds, and what the engine and an edit of the guest file raise.
        """
        most = domain.max_memory
        if entry is not None and size > most:
            raise invalid(
                f"domain '{domain.name}' may have {most} MiB at most, not {size}",
                f"raise that first: xm mem-max {domain.name} {size}",
            )

        def changes(wanted: DomainConfig) -> Sequence[Change]:
            if wanted.max_memory is not None:
                if size > wanted.max_memory:
                    raise invalid(
                        f"the guest file of '{domain.name}' has maxmem = {wanted.max_memory}, less than {size}",
                        f"raise that first: xm mem-max --config {domain.name} {size}",
                    )
            elif entry is not None and size < most:  # the next start is to be able to take it back
                return _changed("memory", size), _changed("maxmem", most)
            return (_changed("memory", size),)

        act = partial(self.lifecycle.engine.set_memory, domain.uuid, size) if entry is not None else None
        has, file, notes = await self._change(domain, act, changes, scope, caller)
        if has is not None and has != size:
            notes += (
                f"domain '{domain.name}' has {has} MiB so far, not {size}: it changes as its own balloon driver can; "
                f"xm list {domain.name} shows how far it is",
            )
        return {"memory": has, "file": file, "notes": notes}

    async def _set_max(
        self, domain: Domain, entry: Entry | None, size: int, scope: Scope, caller: Caller
    ) -> dict[str, Any]:
        """Let `domain` have at most `size` MiB. As `_set`."""
        if entry is not None and size < domain.memory:
            raise invalid(
                f"domain '{domain.name}' has {domain.memory} MiB now, more than {size}",
                f"take some away first: xm mem-set {domain.name} {size}",
            )

        async def live(entry: Entry) -> None:
            await self.lifecycle.engine.set_max_memory(domain.uuid, size)
            await self.lifecycle.note(entry, config=replace(entry.started.config, max_memory=size))

        def changes(wanted: DomainConfig) -> Sequence[Change]:
            if size < wanted.memory:
                raise invalid(
                    f"the guest file of '{domain.name}' has memory = {wanted.memory}, more than {size}",
                    f"take some away first: xm mem-set --config {domain.name} {size}",
                )
            return (_changed("maxmem", size),)

        act = partial(live, entry) if entry is not None else None
        _, file, notes = await self._change(domain, act, changes, scope, caller)
        return {"memory": None, "file": file, "notes": notes}

    async def _change(
        self,
        domain: Domain,
        live: Callable[[], Awaitable[int | None]] | None,
        changes: Callable[[DomainConfig], Sequence[Change]],
        scope: Scope,
        caller: Caller,
    ) -> tuple[int | None, str, tuple[str, ...]]:
        """The file first: that can be taken back at once, what a guest has given up not."""
        await self.guest_files.definitions.refresh()
        async with AsyncExitStack() as undo:
            file, notes = "", tuple[str, ...]()
            if scope is Scope.CONFIG or (scope is Scope.BOTH and self._is_defined(domain)):
                name = await self.guest_files.find(domain.name)
                wanted = await self.guest_files.wanted(name)
                saved = await self.guest_files.edit(name, changes(wanted), caller)
                if saved.changed:
                    undo.push_async_callback(self.guest_files.revert, name, saved.version - 1, caller)
                file, notes = saved.file, saved.notes
            has = await live() if live is not None else None
            undo.pop_all()
        return has, file, notes

    def _is_defined(self, domain: Domain) -> bool:
        return bool(self.guest_files.definitions.of(domain.name))


def _changed(key: str, size: int) -> Change:
    return Change(Action.SET, key, str(size))
