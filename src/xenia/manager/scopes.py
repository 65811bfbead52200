"""Changes of a domain that runs, of its guest file, or of both together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from xenia.lib.steps import step
from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.inventory import Inventory
from xenia.manager.table import Entry, Table
from xenia.manager.turns import Turns, still_runs
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.domain import DOMAIN_0_UUID, Domain, DomainConfig
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require
from xenia.model.scope import Scope

T = TypeVar("T")

Edits = Callable[[DomainConfig], Sequence[Change]]
"""What is to be changed in a guest file that means this configuration; raises what speaks against it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The guest `file` that was edited, "" for none, and what is to be said of that."""

    file: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A change when its turn has come. `entry` is the domain where it runs and is to be changed, else None; `scope`
    is not BOTH where only one of the two can be.
    """

    domain: Domain
    entry: Entry | None
    scope: Scope
    caller: Caller
    guest_files: GuestFiles = field(repr=False)

    async def values(self) -> Mapping[str, Any]:
        """What the guest file gives its keys, where it is to be edited; else nothing. Raises as finding it does."""
        await self.guest_files.definitions.refresh()
        if not self._edits:
            return {}
        return (await self.guest_files.show(await self.guest_files.find_of(self.domain.name), self.caller)).values

    @property
    def _edits(self) -> bool:
        """Whether there is a guest file to be edited, or must be one."""
        defined = bool(self.guest_files.definitions.of(self.domain.name))
        return self.scope is Scope.CONFIG or (self.scope is Scope.BOTH and defined)

    async def change(self, edits: Edits, live: Callable[[], Awaitable[T]] | None) -> tuple[T | None, Kept]:
        """Edit the guest file, where that is asked for, then do `live`; if that fails the file is as it was.

        The file comes first: that can be taken back at once, what a guest has done not. Raises what either raises.
        """
        files = self.guest_files
        await files.definitions.refresh()
        async with AsyncExitStack() as undo:
            kept = Kept()
            if self._edits:
                name = await files.find_of(self.domain.name)
                changes = edits(await files.wanted(self.domain.name))
                if changes:
                    saved = await files.edit(name, changes, self.caller)
                    if saved.changed:
                        undo.push_async_callback(files.revert, name, saved.version - 1, self.caller)
                        step(f"{saved.file} is changed")
                    kept = Kept(saved.file, saved.notes)
            result = await live() if live is not None else None
            undo.pop_all()
        return result, kept


@dataclass(frozen=True, slots=True)
class Scopes:
    guest_files: GuestFiles
    inventory: Inventory
    turns: Turns
    table: Table

    def start(
        self,
        operation: str,
        ref: str,
        scope: Scope,
        caller: Caller,
        change: Callable[[Asked], Awaitable[dict[str, Any]]],
    ) -> Job:
        """Make a change as a job; its result is `{"domain": NAME}` and what the change tells.

        What is asked for in a guest file needs an administrator: of BOTH others get the domain alone, and a domain that
        does not run has its file changed alone. Domain-0, where it may be asked for, has neither an entry nor a file.
        Raises as `Turns.start`.
        """
        require(caller.role, OPERATIONS[operation])
        domain = self.inventory.find(ref)
        if domain.uuid == DOMAIN_0_UUID:
            scope = self._only_live(operation, domain, scope, caller)
        elif scope is Scope.BOTH and domain.domid is None:
            scope = Scope.CONFIG
        elif scope is Scope.BOTH and not caller.administers_host:
            scope = Scope.LIVE
        if scope is not Scope.LIVE:
            require_administrator(caller)
        if scope is not Scope.CONFIG:
            self.turns.permit(operation, domain)

        async def work() -> dict[str, Any]:
            async with self.turns.of(domain):
                entry = self.table.get(domain.uuid)
                if domain.uuid != DOMAIN_0_UUID:
                    still_runs(domain, entry)
                now = self.inventory.domain(entry) if entry is not None else domain
                if scope is Scope.CONFIG:
                    entry = None
                elif entry is not None:
                    self.turns.permit(operation, now)
                return {"domain": now.name} | await change(Asked(now, entry, scope, caller, self.guest_files))

        return self.turns.jobs.start(operation, domain.name, caller, work)

    def _only_live(self, operation: str, domain_0: Domain, scope: Scope, caller: Caller) -> Scope:
        self.turns.permit(operation, domain_0)
        require_administrator(caller)
        if scope is Scope.CONFIG:
            raise invalid("Domain-0 has no guest file", "Xen's command line has what it has from the boot on")
        return Scope.LIVE


def changed(key: str, value: object) -> Change:
    """The key is to have this value."""
    return Change(Action.SET, key, str(value))
