"""What a listener of the live stream is told of each frame: all of it, or what concerns the domains that they see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from xenia.api.frame_log import Frame, Row
from xenia.api.live import Live, event_text, gone_text
from xenia.api.sight import Sight, is_seen
from xenia.manager.stats import Counted
from xenia.model.caller import Role
from xenia.model.event import Event
from xenia.model.job import Job, JobState


class Hearer(Protocol):
    """One listener."""

    async def state(self) -> tuple[int, str]:
        """As Live.state."""

    def resume(self, run: str, sequence: int) -> int | None:
        """As Live.resume."""

    def hear(self, frame: Frame) -> AsyncIterator[str]:
        """The frames to send for `frame`."""

    def counted(self, counted: Counted) -> Counted | None:
        """What is told of what domains use; None: all of it."""


class HearsAll:
    """Who sees the whole host."""

    def __init__(self, live: Live, *, administrator: bool) -> None:
        self._live = live
        self._administrator = administrator

    async def state(self) -> tuple[int, str]:
        return await self._live.state(administrator=self._administrator)

    def resume(self, run: str, sequence: int) -> int | None:
        return self._live.resume(run, sequence)

    async def hear(self, frame: Frame) -> AsyncIterator[str]:
        yield frame.read_by(administrator=self._administrator)

    def counted(self, counted: Counted) -> Counted | None:
        del counted
        return None


class HearsPart:
    """Who sees some domains alone. A domain that they see no more is gone for them. They never go on where they were:
    what they saw then nobody knows.
    """

    def __init__(self, live: Live, sight: Sight) -> None:
        self._live = live
        self._sight = sight
        self._names: set[str] = set()
        self._jobs: set[int] = set()
        """Those that run, and were told: their end is told, too, also where their domain is gone by then."""

    async def state(self) -> tuple[int, str]:
        await self._sight.inventory.refresh()
        seen = self._sight.of(self._sight.inventory.all(everything=True))
        self._sight.known.update(each.uuid for each in seen if each.uuid)
        self._names = {each.name for each in seen}
        self._jobs.clear()
        position, text, told = await self._live.part(self._sight.sees, self._hears_of, self._sight.of_past)
        self._names = set(told)
        return position, text

    def resume(self, run: str, sequence: int) -> int | None:
        del run, sequence
        return None

    async def hear(self, frame: Frame) -> AsyncIterator[str]:
        match frame.about:
            case Event() as event:
                if (told := await self._sight.of_event(event)) is not None:
                    yield event_text(told)
            case Row(name, domain):
                if domain is not None and self._sight.sees(domain):
                    self._names.add(name)
                    yield frame.text
                elif name in self._names:
                    self._names.discard(name)
                    yield gone_text(name, frame.sequence)
            case Job() as job:
                if self._hears_of(job):
                    yield frame.text

    def counted(self, counted: Counted) -> Counted | None:
        return replace(counted, domains=[each for each in counted.domains if self._sight.sees(each[0])])

    def _hears_of(self, job: Job) -> bool:
        told = job.id in self._jobs or is_seen(job, self._sight.caller, self._names)
        if told and job.state is JobState.RUNNING:
            self._jobs.add(job.id)
        else:
            self._jobs.discard(job.id)
        return told


def hearer_of(live: Live, sight: Sight) -> Hearer:
    if sight.whole:
        return HearsAll(live, administrator=sight.caller.role >= Role.ADMINISTRATOR)
    return HearsPart(live, sight)
