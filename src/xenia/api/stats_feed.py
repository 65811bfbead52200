"""What all domains have used, looked at once for all who want to hear it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from xenia.api.doors import Doors
from xenia.api.stats import stats_answer

_FRESH = 1.0


class StatsFeed:
    """`clock` gives seconds that are never set back. Who asks within a second of another is told the same."""

    def __init__(self, doors: Doors, clock: Callable[[], float]) -> None:
        self._doors = doors
        self._clock = clock
        self._turn = asyncio.Lock()
        self._looked = float("-inf")
        self._text = ""

    async def text(self) -> str:
        """A frame of the stream. Raises XeniaError where the engine does not answer."""
        async with self._turn:
            now = self._clock()
            if now - self._looked >= _FRESH:
                counted = await self._doors.manager.stats.all()
                plain = {"type": "stats", **await stats_answer(self._doors, counted)}
                self._text = json.dumps(plain, separators=(",", ":"))
                self._looked = now
        return self._text

    def pause(self, seconds: float) -> float:
        """How long to wait until the next time: all who asked for the same pace are told in the same moment."""
        return seconds - self._clock() % seconds
