"""What somebody sees who may look at some domains alone: of others there is no trace."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from xenia.api.doors import Doors
from xenia.manager.inventory import Inventory
from xenia.model.caller import Caller, Role
from xenia.model.domain import Domain
from xenia.model.errors import not_found
from xenia.model.event import Event, EventKind
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS

_OF_ONE = OPERATIONS.keys() - {"create", "clone", "rename"}
"""Jobs that concern the domain that they are called after, and no other."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What `caller` sees. `known` are the UUIDs of domains that were seen, of which the end is told, too."""

    inventory: Inventory
    caller: Caller
    known: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether all of the host is seen."""
        return self.caller.role >= Role.VIEWER

    def role_on(self, domain: Domain) -> Role:
        """What they may on `domain`."""
        return self.caller.role_on(domain.name, self.inventory.tags_for_rights(domain))

    def sees(self, domain: Domain) -> bool:
        return self.whole or self.role_on(domain) >= Role.VIEWER

    def of(self, domains: Iterable[Domain]) -> tuple[Domain, ...]:
        """Those of `domains` that are seen."""
        return tuple(filter(self.sees, domains))

    async def of_event(self, event: Event) -> Event | None:
        """What is told of `event`; None for nothing."""
        if self.whole:
            return event
        if not event.domain:
            return None
        await self.inventory.refresh()
        if not self._sees_of(event):
            self.known.discard(event.uuid)
            return None
        self.known.add(event.uuid)
        return _without_other_names(event)

    def of_past(self, event: Event) -> Event | None:
        """What is told of one of long ago to who comes now: nothing, where its domain is not `known`."""
        return _without_other_names(event) if event.uuid in self.known else None

    def _sees_of(self, event: Event) -> bool:
        there = next((each for each in self.inventory.all(everything=True) if each.name == event.domain), None)
        if there is None or there.uuid not in ("", event.uuid):
            return event.uuid in self.known
        return self.sees(there)


def _without_other_names(event: Event) -> Event:
    return replace(event, detail="") if event.kind is EventKind.RENAMED else event


async def sight_of(doors: Doors, caller: Caller) -> Sight:
    """What `caller` sees, by what guest files say now."""
    sight = Sight(doors.manager.inventory, caller)
    if not sight.whole:
        await sight.inventory.refresh()
    return sight


async def jobs_seen(doors: Doors, caller: Caller) -> tuple[Job, ...]:
    """Their own, and those of others that concern a domain which they see."""
    jobs, sight = doors.manager.jobs(), await sight_of(doors, caller)
    if sight.whole:
        return jobs
    seen = {domain.name for domain in await sight.inventory.seen(sight.sees)}
    return tuple(job for job in jobs if is_seen(job, caller, seen))


def is_seen(job: Job, caller: Caller, seen: Collection[str]) -> bool:
    """Whether it is told to somebody who sees the domains with the names `seen` alone."""
    return job.caller == caller.name or (job.operation in _OF_ONE and job.domain in seen)


async def job_seen(doors: Doors, number: int, caller: Caller) -> Job:
    """The job `number`. Raises not_found as well for one that they do not see."""
    job = doors.manager.job(number)
    if caller.role >= Role.VIEWER or job in await jobs_seen(doors, caller):
        return job
    raise not_found(f"there is no job {number}", "finished jobs are forgotten after some time")
