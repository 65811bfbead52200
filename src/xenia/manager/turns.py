"""What is done to domains that exist: each as a job, which waits for the domain's turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from xenia.lib.steps import step
from xenia.manager.events import EventBus, Listener
from xenia.manager.inventory import Inventory
from xenia.manager.jobs import Jobs
from xenia.manager.locks import NameLocks
from xenia.manager.table import Entry, Table
from xenia.model.caller import Caller
from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.errors import XeniaError, invalid, not_found, unavailable
from xenia.model.event import EventKind
from xenia.model.host import EngineReport
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, able, permit, require

Verb = Callable[[Entry], Awaitable[dict[str, Any] | None]]
"""What is done to a domain when its turn has come; what it has to tell."""


@dataclass(frozen=True, slots=True)
class Turns:
    """`report` tells what the engine can do."""

    inventory: Inventory
    table: Table
    locks: NameLocks
    bus: EventBus
    jobs: Jobs
    report: Callable[[], EngineReport]

    def start(
        self,
        operation: str,
        ref: str,
        caller: Caller,
        verb: Verb,
        *,
        until_gone: bool = False,
        then: Verb | None = None,
        cancellable: bool = False,
    ) -> Job:
        """Do `verb` to the domain that `ref` names, as a job; its result is `{"domain": NAME}` and what the verb tells.

        `then` is done after it, when others may have their turn with the domain: what may take a guest's own time.
        With `until_gone` the job ends when the guest has ended (shutdown) or has started over (reboot). Raises at once
        what can be said at once: not_found, a wrong state, a missing role, what the engine cannot do.
        """
        require(caller.role, OPERATIONS[operation])
        domain = self.inventory.find(ref)
        self.permit(operation, domain)
        if until_gone and operation not in ("shutdown", "reboot"):
            raise invalid(f"{operation} has nothing to wait for: it is done when it answers")

        async def work() -> dict[str, Any]:
            with self.bus.listen() as listener:
                told = await self._act(operation, domain, verb)
                if until_gone:
                    over = ("end", "has ended") if operation == "shutdown" else ("start over", "has started over")
                    step(f"waits for the guest to {over[0]}")
                    await _until_over(operation, domain, listener)
                    step(f"it {over[1]}")
            more = await then(entry) if then is not None and (entry := self.table.get(domain.uuid)) is not None else {}
            return {"domain": domain.name} | (told or {}) | (more or {})

        return self.jobs.start(operation, domain.name, caller, work, cancellable=cancellable)

    async def _act(self, operation: str, domain: Domain, verb: Verb) -> dict[str, Any] | None:
        """Do it when the domain's turn comes, if it is still the same and still possible."""
        async with self.of(domain):
            entry = self.table.get(domain.uuid)
            if entry is None or domain.domid not in (None, entry.started.domid):
                raise gone(domain)
            now = self.inventory.domain(entry)
            self.permit(operation, now)
            return None if now.state in OPERATIONS[operation].idempotent_in else await verb(entry)

    def of(self, domain: Domain) -> AbstractAsyncContextManager[None]:
        """Alone with it, under the name that it has by then."""
        return self.locks.of(lambda: each.started.config.name if (each := self.table.get(domain.uuid)) else domain.name)

    def permit(self, name: str, domain: Domain) -> None:
        """Raises what speaks against the operation now: the domain's state, or what the engine cannot do."""
        operation = OPERATIONS[name]
        permit(
            operation,
            name=domain.name,
            state=domain.state,
            file=domain.file,
            domain_0=domain.uuid == DOMAIN_0_UUID,
        )
        able(operation, self.report())


def still_runs(domain: Domain, entry: Entry | None) -> None:
    """Raises not_found when a domain that ran is not `entry` any more."""
    if domain.domid is not None and (entry is None or entry.started.domid != domain.domid):
        raise gone(domain)


def gone(domain: Domain) -> XeniaError:
    return not_found(f"domain '{domain.name}' (id {domain.domid}) is gone", "xm list shows what runs")


async def _until_over(operation: str, domain: Domain, listener: Listener) -> None:
    """Until the guest has ended (shutdown), or has ended or started over (reboot)."""
    over = {EventKind.ENDED, EventKind.CRASHED} | ({EventKind.REBOOTED} if operation == "reboot" else set())
    async for event in listener:
        if event.uuid == domain.uuid and event.kind in over:
            return
    raise unavailable(f"xend stopped before {domain.name} had ended", "xm list shows where it is")
