"""What live streams are told, kept for all of them together.

Each frame is made once, and each stream only knows how far it has come.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice

from xenia.model.domain import Domain
from xenia.model.event import Event
from xenia.model.job import Job

MOST = 2_000
MOST_LETTERS = 4 << 20
"""Of all frames together."""


@dataclass(frozen=True, slots=True)
class Row:
    """The domain `name` is so now; None: it is gone."""

    name: str
    domain: Domain | None


@dataclass(frozen=True, slots=True)
class Frame:
    """`sequence` is that of the event it tells of, or of the last one before it. `full` is what administrators read of
    it, where others are told less. `about` is what is told, for those who do not hear of everything.
    """

    sequence: int
    is_event: bool
    text: str
    full: str = ""
    about: Event | Row | Job | None = None

    def read_by(self, *, administrator: bool) -> str:
        return self.full if administrator and self.full else self.text


class FrameLog:
    """The latest frames by position, which counts up by one; the oldest are let go of above 2,000, or 4 MiB.

    `sequence` is that of the last event before the log begins.
    """

    def __init__(self, sequence: int) -> None:
        self._frames: dict[int, Frame] = {}
        self._floor = sequence
        self._letters = 0
        self._arrived = asyncio.Event()
        self.begin = 0
        """The position of the oldest."""
        self.end = 0
        """The position of the next one."""
        self.sequence = sequence
        """The last event's."""

    def append(self, frame: Frame) -> None:
        self._frames[self.end] = frame
        self.end += 1
        self.sequence = frame.sequence
        self._letters += _letters(frame)
        while len(self._frames) > MOST or self._letters > MOST_LETTERS:
            self._forget_oldest()
        self._arrived.set()
        self._arrived.clear()

    def _forget_oldest(self) -> None:
        oldest = self._frames.pop(self.begin)
        self.begin += 1
        self._letters -= _letters(oldest)
        # Who has heard that event has missed nothing of it; what comes after an event may have been missed.
        self._floor = oldest.sequence if oldest.is_event else oldest.sequence + 1

    def at(self, position: int) -> Frame | None:
        """None for one that is yet to come, or was let go of."""
        return self._frames.get(position)

    def after(self, sequence: int) -> int | None:
        """Where to go on for who has heard the event `sequence`; None where something since is kept no more, or there
        was no such event.
        """
        if not self._floor <= sequence <= self.sequence:
            return None
        heard = (sequence, False)
        for position in range(self.begin, self.end):
            frame = self._frames[position]
            if (frame.sequence, not frame.is_event) > heard:
                return position
        return self.end

    def events(self, most: int) -> list[Event]:
        """The latest ones that are kept, the oldest first."""
        latest = (self._frames[position].about for position in reversed(range(self.begin, self.end)))
        return list(islice((each for each in latest if isinstance(each, Event)), most))[::-1]

    async def more(self) -> None:
        """Returns when there is another frame."""
        await self._arrived.wait()


def _letters(frame: Frame) -> int:
    return len(frame.text) + len(frame.full)
