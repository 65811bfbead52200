"""The bus: what happens to domains and to the host, to everyone who listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from xenia.lib.steps import step
from xenia.model.domain import Started
from xenia.model.event import Event, EventKind

log = logging.getLogger(__name__)

_BACKLOG = 1_000


@dataclass(slots=True, eq=False)
class Listener:
    """One queue for each listener. One that lets more than 1,000 events wait is ended: a stream has no gaps."""

    _events: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(_BACKLOG + 1))
    _ended: bool = False

    def put(self, event: Event) -> bool:
        """False when this listener was too slow and is ended."""
        if self._events.qsize() >= _BACKLOG:
            self.end()
            return False
        self._events.put_nowait(event)
        return True

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._events.put_nowait(None)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await self._events.get()
        if event is None:
            raise StopAsyncIteration
        return event


class EventBus:
    """`clock` gives seconds since the epoch; `keep` is called with each event, for the history."""

    def __init__(self, clock: Callable[[], float], keep: Callable[[Event], None]) -> None:
        self._clock = clock
        self._keep = keep
        self._sequence = 0
        self._listeners: set[Listener] = set()
        self._followers: list[Callable[[Event], None]] = []
        self.closed = False

    @property
    def sequence(self) -> int:
        """The last event's; 0 before the first."""
        return self._sequence

    def follow(self, hear: Callable[[Event], None]) -> None:
        """Have `hear` called with each event from now on, at once. It must not fail."""
        self._followers.append(hear)

    def publish(self, kind: EventKind, started: Started, detail: str = "") -> None:
        text = f"domain {started.config.name} (id {started.domid}): {kind}{f' ({detail})' if detail else ''}"
        log.info("%s", text)
        step(text)
        self._put(kind, started.config.name, started.uuid, started.domid, detail)

    def announce(self, kind: EventKind, detail: str) -> None:
        """What happened to the host itself."""
        log.info("%s: %s", kind, detail)
        step(f"{kind}: {detail}")
        self._put(kind, "", "", None, detail)

    def _put(self, kind: EventKind, domain: str, uuid: str, domid: int | None, detail: str) -> None:
        self._sequence += 1
        event = Event(self._sequence, self._clock(), kind, domain, uuid, domid, detail)
        self._keep(event)
        for hear in self._followers:
            hear(event)
        self._listeners = {listener for listener in self._listeners if listener.put(event)}

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """What happens from now on, while the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End all listeners."""
        self.closed = True
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()
