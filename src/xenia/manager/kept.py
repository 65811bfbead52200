"""What is changed in a domain that runs, in its guest file, or in both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.inventory import Inventory
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, still_runs
from xenia.model.caller import Caller, Role
from xenia.model.change import Action, Change
from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require
from xenia.model.scope import Scope

T = TypeVar("T")

Work = Callable[[Domain, Entry | None, Scope], Awaitable[dict[str, Any]]]
"""The change of a domain, as it is by then; its entry where it runs and is to be changed. What it has to tell."""

Edit = Callable[[str], Awaitable[Sequence[Change]]]
"""What is to be changed in the guest file of this name."""


@dataclass(frozen=True, slots=True)
class Kept:
    lifecycle: Lifecycle
    guest_files: GuestFiles
    inventory: Inventory
    turns: Turns

    def start(self, operation: str, ref: str, scope: Scope, caller: Caller, work: Work) -> Job:
        """Do `work` when the domain's turn comes, as a job; its result is `{"domain": NAME}` and what the work tells.
        Domain-0, where it may be asked for, has neither an entry nor a file.

        Of a domain that does not run only the file is changed; who may not change guest files changes only what runs.
        What is asked for in a guest file needs an administrator. Raises as `Turns.start`.
        """
        require(caller.role, OPERATIONS[operation])
        domain = self.inventory.find(ref)
        if domain.uuid == DOMAIN_0_UUID:
            scope = self._only_live(operation, domain, scope, caller)
        elif scope is Scope.BOTH and domain.domid is None:
            scope = Scope.CONFIG
        elif scope is Scope.BOTH and caller.role < Role.ADMINISTRATOR:
            scope = Scope.LIVE
        if scope is not Scope.LIVE:
            require_administrator(caller)
        if scope is not Scope.CONFIG:
            self.turns.permit(operation, domain)

        async def job() -> dict[str, Any]:
            async with self.turns.of(domain):
                entry = self.lifecycle.table.get(domain.uuid)
                if domain.uuid != DOMAIN_0_UUID:
                    still_runs(domain, entry)
                await self.inventory.measure()
                now = self.inventory.domain(entry) if entry is not None else domain
                if entry is not None and scope is not Scope.CONFIG:
                    self.turns.permit(operation, now)
                return {"domain": now.name} | await work(now, entry if scope is not Scope.CONFIG else None, scope)

        return self.turns.jobs.start(operation, domain.name, caller, job)

    def _only_live(self, operation: str, domain_0: Domain, scope: Scope, caller: Caller) -> Scope:
        self.turns.permit(operation, domain_0)
        require_administrator(caller)
        if scope is Scope.CONFIG:
            raise invalid("Domain-0 has no guest file", "Xen's command line has what it has from the boot on")
        return Scope.LIVE

    async def change(
        self, domain: Domain, live: Callable[[], Awaitable[T]] | None, edit: Edit, scope: Scope, caller: Caller
    ) -> tuple[T | None, str, tuple[str, ...]]:
        """Edit the guest file, if there is one, then do `live`: what it returns, the file or "", and what is to be said
        of the edit. The file first: that can be taken back at once, what a guest has given up not. Whatever fails,
        nothing has changed.
        """
        await self.guest_files.definitions.refresh()
        async with AsyncExitStack() as undo:
            file, notes = "", tuple[str, ...]()
            if scope is Scope.CONFIG or (scope is Scope.BOTH and self.guest_files.definitions.of(domain.name)):
                name = await self.guest_files.find(domain.name)
                saved = await self.guest_files.edit(name, await edit(name), caller)
                if saved.changed:
                    undo.push_async_callback(self.guest_files.revert, name, saved.version - 1, caller)
                file, notes = saved.file, saved.notes
            has = await live() if live is not None else None
            undo.pop_all()
        return has, file, notes


def changed(key: str, value: object) -> Change:
    """The key is to have this value."""
    return Change(Action.SET, key, str(value))
