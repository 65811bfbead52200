"""The text consoles of all guests: one reader each, many watchers.

What a guest says is kept (the last 64 KiB of each console) whether anybody watches or not. A console that is a terminal
of the host's may be read by others too (xl console): it is read only while somebody watches here. Every watcher may
type; what they type is mixed as it comes. A watcher who does not keep up is ended, the others and the guest never wait
for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from xenia.console.line import Line, is_terminal
from xenia.console.watcher import AUTO, PARAVIRTUAL, SERIAL, Ending, Watcher
from xenia.lib.aio import Tasks
from xenia.lib.inotify import FileWatch
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.event import Event, EventKind

log = logging.getLogger(__name__)

Places = Callable[[str], Mapping[str, Path]]
LogOf = Callable[[str, str], Path | None]
Listen = Callable[[], AbstractContextManager[AsyncIterator[Event]]]

_APPEARS = frozenset({EventKind.STARTED, EventKind.FOUND, EventKind.REBOOTED})
"""After a reboot the guest may have another process."""
_TURNS = frozenset({EventKind.REBOOTED, EventKind.ENDED, EventKind.CRASHED})
"""After these a guest has new terminals, or is gone."""
_NEXT_LIFE = 120.0
"""Seconds that a watcher waits for the terminals of a guest that reboots."""
_FAREWELL = 1.0

_NAMES = {PARAVIRTUAL: "paravirtual", SERIAL: "serial"}


def _is_shared(path: Path) -> bool:
    try:
        return is_terminal(path)
    except OSError:
        return False


class _Guest:
    """The lines of one guest, by kind, and who watches them."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.watchers: set[Watcher] = set()

    def heard(self, kind: str, data: bytes) -> None:
        for watcher in tuple(self.watchers):
            watcher.offer(kind, data)

    async def send(self, kind: str, data: bytes) -> None:
        line = self.lines.get(kind)
        if line is not None:
            await line.write(data)

    def end(self, ending: Ending, kind: str | None = None) -> None:
        """End those who watch `kind`, or all."""
        for watcher in tuple(self.watchers):
            if kind is None or watcher.kind == kind:
                watcher.end(ending)
                self.watchers.discard(watcher)


class ConsoleHub:
    """`places` tells of a running guest's consoles by kind (`pv`, `serial`) the pipe that takes its input, or its
    terminal; `log_of` the log in which the engine writes what it says (by UUID and kind), where it is no terminal.

    Raises OSError where the user has no inotify left.
    """

    def __init__(self, places: Places, log_of: LogOf) -> None:
        self._places = places
        self._log_of = log_of
        self._watch = FileWatch()
        self._guests: dict[str, _Guest] = {}
        self._connecting = asyncio.Lock()
        self._tasks = Tasks()
        self._watching: set[Watcher] = set()
        self._left = asyncio.Event()
        self._closed = False
        self._listen: Listen | None = None

    def start(self, listen: Listen, running: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """Keep up with what runs: `running` gives the UUIDs of all guests now, `listen` what happens from then on."""
        self._listen = listen
        self._tasks.start(self._keep_up(listen, running), name="console hub")

    async def _keep_up(self, listen: Listen, running: Callable[[], Awaitable[Iterable[str]]]) -> None:
        while True:
            with listen() as events:
                for uuid in await running():
                    await self._follow_if_there(uuid)
                async for event in events:
                    if event.kind is EventKind.KEPT:
                        self._let_go(event.uuid)
                    if event.kind in _APPEARS:
                        await self._follow_if_there(event.uuid, fresh=event.kind is EventKind.STARTED)
            await asyncio.sleep(1)  # ended for being too slow: look anew at what runs

    def _let_go(self, uuid: str) -> None:
        """The guest that was read so far is another domain now."""
        guest = self._guests.get(uuid)
        for line in tuple(guest.lines.values()) if guest is not None else ():
            line.close()

    async def _follow_if_there(self, uuid: str, *, fresh: bool = False) -> None:
        with suppress(XeniaError):  # it may be gone again
            await self.follow(uuid, fresh=fresh)

    async def follow(self, uuid: str, *, fresh: bool = False, watched: bool = False) -> None:
        """Read the consoles of a guest from now on, terminals only when `watched`. Does nothing for those that are read
        already.

        Its latest output is taken from the log, but for a `fresh` guest, which has not run before.
        """
        async with self._connecting:
            if self._closed:
                return
            for kind, path in self._places(uuid).items():
                guest = self._guests.setdefault(uuid, _Guest())
                if kind not in guest.lines and (watched or not _is_shared(path)):
                    await self._connect(uuid, guest, kind, path, fresh=fresh)
            self._forget_if_idle(uuid)

    def _forget_if_idle(self, uuid: str) -> None:
        guest = self._guests.get(uuid)
        if guest is not None and not guest.lines and not guest.watchers:
            del self._guests[uuid]

    async def _connect(self, uuid: str, guest: _Guest, kind: str, path: Path, *, fresh: bool) -> None:
        line = Line(
            lambda: self._log_of(uuid, kind),
            self._watch,
            fresh=fresh,
            heard=partial(guest.heard, kind),
            lost=lambda: self._lost(uuid, guest, kind, line),
        )
        guest.lines[kind] = line
        try:
            await line.connect(path)
        except OSError as error:
            guest.lines.pop(kind, None)
            log.warning("the %s console of %s cannot be reached: %s", kind, uuid, error)

    def _lost(self, uuid: str, guest: _Guest, kind: str, line: Line) -> None:
        if guest.lines.get(kind) is line:
            del guest.lines[kind]
            if line.shared and guest.watchers and self._listen is not None and not self._closed:
                self._tasks.start(self._next_life(uuid, guest, kind, self._listen), name=f"consoles of {uuid}")
            else:
                self._end(uuid, guest, kind)
        elif self._guests.get(uuid) is guest:
            self._forget_if_idle(uuid)

    def _end(self, uuid: str, guest: _Guest, kind: str) -> None:
        guest.end(Ending.GONE, kind)
        if not guest.lines:
            guest.end(Ending.GONE)
            if self._guests.get(uuid) is guest:
                del self._guests[uuid]

    async def _next_life(self, uuid: str, guest: _Guest, kind: str, listen: Listen) -> None:
        """A guest that reboots gets new terminals: who watches sees them as soon as they are there."""
        with suppress(TimeoutError, XeniaError):
            async with asyncio.timeout(_NEXT_LIFE):
                with listen() as events:
                    self._places(uuid)  # raises when the domain is gone
                    async for event in events:
                        if event.uuid == uuid and event.kind in _TURNS:
                            self._places(uuid)
                            await self.follow(uuid, watched=event.kind is EventKind.REBOOTED)
                            if kind in guest.lines or not guest.watchers:
                                return
        if kind not in guest.lines:
            self._end(uuid, guest, kind)

    async def watch(self, uuid: str, kind: str = AUTO, *, replay: int = 0) -> Watcher:
        """Watch the console `kind` of a running guest, or `auto`: the paravirtual one once it has spoken, until then
        the serial one. The last `replay` bytes of it come first. The watcher is to be closed.

        Raises not_found when the guest has no such console, and a conflict when it has none that can be reached.
        """
        await self.follow(uuid, watched=True)
        guest = self._guests.get(uuid)
        for line in tuple(guest.lines.values()) if guest is not None else ():
            line.catch_up()
        if guest is None or not guest.lines:
            raise conflict("this domain has no text console now", "xm list shows whether it still runs")
        shown = self._first(guest) if kind == AUTO else kind
        if shown not in guest.lines:
            there = " or ".join(sorted(guest.lines))
            raise not_found(f"this domain has no {_NAMES.get(kind, kind)} console", f"it has this one: {there}")
        watcher = Watcher(
            shown,
            switches=kind == AUTO and PARAVIRTUAL in guest.lines,
            send=guest.send,
            leave=partial(self._leave, guest),
        )
        watcher.offer(shown, guest.lines[shown].tail(replay))
        guest.watchers.add(watcher)
        self._watching.add(watcher)
        return watcher

    def _leave(self, guest: _Guest, watcher: Watcher) -> None:
        guest.watchers.discard(watcher)
        self._watching.discard(watcher)
        self._left.set()
        if not guest.watchers:
            for kind, line in tuple(guest.lines.items()):
                if line.shared:
                    del guest.lines[kind]  # who comes now gets one of its own
                    line.close()

    @staticmethod
    def _first(guest: _Guest) -> str:
        paravirtual = guest.lines.get(PARAVIRTUAL)
        if paravirtual is not None and (paravirtual.has_spoken or SERIAL not in guest.lines):
            return PARAVIRTUAL
        return SERIAL

    async def close(self) -> None:
        """End all watchers, give them a second to say so, and let go of the guests; they run on."""
        self._closed = True
        await self._tasks.close()
        async with self._connecting:
            guests = list(self._guests.values())
            self._guests.clear()
        for guest in guests:
            guest.end(Ending.STOPPING)
            for line in tuple(guest.lines.values()):
                line.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                while self._watching:
                    self._left.clear()
                    await self._left.wait()
        await asyncio.sleep(0)  # lets the connections really close
        self._watch.close()
