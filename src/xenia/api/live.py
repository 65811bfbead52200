"""The host as it is now, told to everyone who listens: first all of it, then each change.

Events are told as they happen. Domains and jobs are looked at, from memory, a moment after something has happened and
every few seconds besides: what is not as it was told is told anew. So nothing is told twice that happens at once, and
also what no event tells of reaches who listens.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from xenia.api.answers import row, without_problem
from xenia.api.ascii_json import ascii_json
from xenia.api.doors import Doors
from xenia.api.frame_log import Frame, FrameLog, Row
from xenia.api.host import host_answer
from xenia.api.jobs import plain_job
from xenia.lib.aio import Tasks
from xenia.lib.codec import to_plain
from xenia.model.domain import Domain
from xenia.model.errors import XeniaError
from xenia.model.event import Event
from xenia.model.job import Job

_SETTLE = 0.1
"""Seconds after something has happened: a start is an event, a job and several states of a domain."""
_LOOK = 5.0
_LATELY = 100
"""Events that who comes is told of."""
_FRESH = 1.0
"""Seconds for which what was measured is good enough for the next one who comes."""


class Live:
    """`run` names this life of xend: sequences begin anew with each."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self.run = secrets.token_hex(8)
        self.log = FrameLog(doors.manager.sequence)
        self._domains: Mapping[str, Domain] = {}
        self._jobs: Mapping[int, Job] = {}
        self._begun = False
        self._host: Any = None
        self._measured = float("-inf")
        self._measuring = asyncio.Lock()
        self._states: dict[bool, tuple[int, float, str]] = {}
        self._listeners = 0
        self._happened = asyncio.Event()
        self._tasks = Tasks()
        doors.manager.follow(self._hear, self._happened.set)

    def _hear(self, event: Event) -> None:
        self.log.append(Frame(event.sequence, is_event=True, text=event_text(event), about=event))
        self._happened.set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Changes are told while somebody listens; to who resumes later, then."""
        self._listeners += 1
        if self._listeners == 1:
            self._keeper = self._tasks.start(self._keep_telling(), name="live state")
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._keeper.cancel()

    async def _keep_telling(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._happened.wait()
            await asyncio.sleep(_SETTLE)
            self._happened.clear()
            if asyncio.get_running_loop().time() - self._measured >= _LOOK:
                with suppress(XeniaError):  # what is known holds until it answers again
                    await self._measure()
            self._tell_changes()

    async def state(self, *, administrator: bool) -> tuple[int, str]:
        """All there is to tell, and the position in the log from which on it changes. Raises XeniaError where the
        engine does not answer.
        """
        await self._measure()
        self._tell_changes()
        position, measured, text = self._states.get(administrator, (-1, 0.0, ""))
        if position != self.log.end or measured != self._measured:
            position, text = self.log.end, self._state(administrator=administrator)
            self._states[administrator] = position, self._measured, text
        return position, text

    async def part(
        self,
        sees: Callable[[Domain], bool],
        sees_job: Callable[[Job], bool],
        sees_of: Callable[[Event], Event | None],
    ) -> tuple[int, str, frozenset[str]]:
        """As `state`, for who sees some domains alone, and nothing of the host; with the names of those. `sees_of` is
        what they are told of an event.
        """
        await self._measure()
        self._tell_changes()
        domains = [each for each in self._domains.values() if sees(each)]
        jobs = [each for each in self._jobs.values() if sees_job(each)]
        events = [told for each in self.log.events(_LATELY) if (told := sees_of(each)) is not None]
        text = self._text_of(None, domains, jobs, events, administrator=False)
        return self.log.end, text, frozenset(each.name for each in domains)

    async def _measure(self) -> None:
        """Once for all who come within a second."""
        async with self._measuring:
            now = asyncio.get_running_loop().time()
            if now - self._measured >= _FRESH:
                self._host = to_plain(await host_answer(self._doors))
                await self._doors.manager.inventory.list(everything=True)
                self._measured = now

    def _state(self, *, administrator: bool) -> str:
        told = self._domains.values(), self._jobs.values(), self.log.events(_LATELY)
        return self._text_of(self._host, *told, administrator=administrator)

    def _text_of(
        self, host: Any, domains: Iterable[Domain], jobs: Iterable[Job], events: Iterable[Event], *, administrator: bool
    ) -> str:
        return ascii_json(
            {
                "type": "state",
                "run": self.run,
                "sequence": self.log.sequence,
                "host": host,
                "domains": [row(_told(each, administrator=administrator)) for each in domains],
                "jobs": [plain_job(each, full=administrator) for each in jobs],
                "events": [to_plain(each) for each in events],
            }
        )

    def resume(self, run: str, sequence: int) -> int | None:
        """The position of the first frame for who has heard the event `sequence` of `run`; None where there may be a
        gap.
        """
        if run != self.run or not self._begun:
            return None
        self._tell_changes()
        return self.log.after(sequence)

    def _tell_changes(self) -> None:
        before, jobs_before = self._domains, self._jobs
        manager = self._doors.manager
        self._domains = {each.name: each for each in manager.inventory.all(everything=True)}
        self._jobs = {each.id: each for each in manager.jobs()}
        if not self._begun:
            self._begun = True
            return
        for name, domain in self._domains.items():
            if name not in before or not _alike(before[name], domain):
                told = {"type": "domain", "name": name, "row": row(_told(domain, administrator=False))}
                self._tell(Row(name, domain), told, {**told, "row": row(domain)} if domain.problem else None)
        for number, job in self._jobs.items():
            if jobs_before.get(number) is not job:
                told, full = ({"type": "job", "job": plain_job(job, full=each)} for each in (False, True))
                self._tell(job, told, full if full != told else None)
        for name in before.keys() - self._domains.keys():  # last: jobs of them are told before
            self._tell(Row(name, None), {"type": "domain", "name": name, "row": None})

    def _tell(self, about: Row | Job, told: dict[str, Any], full: dict[str, Any] | None = None) -> None:
        sequence = {"sequence": self.log.sequence}
        text = ascii_json(told | sequence)
        full_text = ascii_json(full | sequence) if full is not None else ""
        self.log.append(Frame(self.log.sequence, False, text, full_text, about))


def event_text(event: Event) -> str:
    """The frame of an event."""
    return ascii_json({"type": "event", **to_plain(event)})


def gone_text(name: str, sequence: int) -> str:
    """The frame that tells that there is no domain `name`, or none that is to be seen."""
    return ascii_json({"type": "domain", "name": name, "row": None, "sequence": sequence})


def _alike(one: Domain, other: Domain) -> bool:
    """But for the time that it has run, which stats tell."""
    return one == other or replace(one, cpu_time=other.cpu_time) == other


def _told(domain: Domain, *, administrator: bool) -> Domain:
    return domain if administrator else without_problem(domain)
