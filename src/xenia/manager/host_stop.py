"""Ending all domains with the host: they are suspended or asked to shut down, in the reverse order of their start, and
destroyed when their time is up.

What runs is written down before anybody is asked: the next start brings it back, and an xend that was killed in between
is followed by one that goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from xenia.guestfile.write import write
from xenia.lib.steps import step, warn
from xenia.manager.autostart import Autostart
from xenia.manager.differences import as_it_runs
from xenia.manager.events import Listener
from xenia.manager.freezing import Freezing
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.suspending import Suspending
from xenia.manager.table import Entry
from xenia.model.domain import ALIVE, Definition, Intent, Started, State
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind
from xenia.model.host import Capability
from xenia.model.host_run import HostRow, HostRun, RowState, RunKind
from xenia.model.start_order import LAST, stop_batches
from xenia.store.host_runs import HostRuns

log = logging.getLogger(__name__)

_OVER = frozenset({RowState.STOPPED, RowState.SUSPENDED, RowState.DESTROYED, RowState.FAILED})


@dataclass(frozen=True, slots=True)
class StopSettings:
    """`methods` are tried in this order; migrate is not possible yet. A guest has `stop_timeout` seconds for each where
    its file says nothing, all of them together have `host_stop_timeout`.
    """

    methods: tuple[str, ...] = ("shutdown",)
    stop_timeout: float = 90
    host_stop_timeout: float = 300


@dataclass(slots=True)
class HostStop:
    autostart: Autostart
    lifecycle: Lifecycle
    freezing: Freezing
    suspending: Suspending
    locks: NameLocks
    runs: HostRuns
    end_exports: Callable[[], Awaitable[None]]
    """A guest whose disk is exported cannot be suspended."""
    settings: StopSettings = field(default_factory=StopSettings)

    async def plan(self, timeout: float | None) -> HostRun:
        """What runs is to end within `timeout` seconds (None: those of the settings); 0 destroys it at once.

        What an earlier stop of this boot has ended, and nobody has started since, stays to be brought back.
        """
        now, last = self.lifecycle.clock(), self.runs.last
        rows: dict[str, HostRow] = {}
        if last is not None and last.kind is RunKind.STOP and last.boot == self.runs.boot:
            rows = {row.domain: row for row in last.rows}
        rows |= {row.domain: row for row in await self._running()}
        notes = [f"{method} is not possible yet" for method in self.settings.methods if method == "migrate"]
        if "save" in self.settings.methods and not self._can_save:
            notes.append("guests of this engine cannot be saved")
        deadline = now + (self.settings.host_stop_timeout if timeout is None else timeout)
        return HostRun(RunKind.STOP, self.runs.boot, now, tuple(rows.values()), tuple(notes), deadline=deadline)

    async def _running(self) -> list[HostRow]:
        numbers = {member.domain: member.number for member in await self.autostart.members() if not member.problem}
        now = self.lifecycle.clock()
        return [_row(entry, numbers.get(entry.started.config.name, LAST), now) for entry in self.lifecycle.table]

    async def go_on(self) -> None:
        """End what is still to be ended, those side by side that do not wait for each other, until nothing runs. No
        domain is started meanwhile.
        """
        table = self.lifecycle.table
        table.closed = "the host is being stopped: no domain is started now"
        try:
            await self.end_exports()
            while rows := await self._left():
                for batch in stop_batches(row.place for row in rows.values()):
                    await asyncio.gather(*(self._stop(rows[place.name]) for place in batch))
        finally:
            table.closed = ""
        if self.runs.last is not None:
            await self.runs.put(replace(self.runs.last, ended_at=self.lifecycle.clock()))

    async def _left(self) -> dict[str, HostRow]:
        """What is still to be ended, by name; also what was being started when the stop began."""
        known = {row.uuid for row in self._rows()}
        for row in await self._running():
            if row.uuid not in known:
                await self.runs.put_row(row)
        return {row.domain: row for row in self._rows() if row.state not in _OVER}

    def _rows(self) -> tuple[HostRow, ...]:
        return self.runs.last.rows if self.runs.last is not None else ()

    async def _stop(self, row: HostRow) -> None:
        try:
            state, detail = await self._end(row)
        except (XeniaError, OSError) as error:
            state, detail = RowState.FAILED, f"it cannot be ended: {error}"
        await self._put(row, state, detail)

    async def _end(self, row: HostRow) -> tuple[RowState, str]:
        deadline = self.runs.last.deadline if self.runs.last is not None else None
        entry = self.lifecycle.table.get(row.uuid)
        if entry is not None and entry.state not in ALIVE:
            whys = ["it had ended before, and was preserved"]
        else:
            whys = []
            for method in self.settings.methods:
                usual = row.order.stop_timeout or self.settings.stop_timeout
                seconds = min((deadline or 0) - self.lifecycle.clock(), usual)
                if seconds <= 0:
                    whys.append("there was no time to ask it")
                    break
                if method == "save" and self._can_save:
                    whys.append(await self._suspend(row, seconds))
                elif method == "shutdown":
                    whys.append(await self._shut_down(row, seconds))
                if self.lifecycle.table.get(row.uuid) is None:
                    return (RowState.SUSPENDED if method == "save" else RowState.STOPPED), ""
        async with self._turn(row.uuid) as entry:
            if entry is None:
                return RowState.STOPPED, ""
            await self.lifecycle.end(entry, EventKind.ENDED, "destroyed by host-stop")
        return RowState.DESTROYED, "; ".join(whys)

    @property
    def _can_save(self) -> bool:
        return Capability.SAVE in self.lifecycle.engine.capabilities

    async def _suspend(self, row: HostRow, seconds: float) -> str:
        """Put a guest away; what is to be said if that has not come about: then it runs on."""
        try:
            async with self._turn(row.uuid) as entry, asyncio.timeout(seconds) as limit:
                if entry is None:
                    return ""
                await self._put(row, RowState.STOPPING, f"is being saved, {seconds:.0f} s at most")
                await self.suspending.put_away(entry, lambda _: None, lambda: limit.reschedule(None))
        except TimeoutError:
            return f"it was not saved within {seconds:.0f} s"
        except (XeniaError, OSError) as error:
            return f"it could not be saved: {error}"
        return ""

    async def _shut_down(self, row: HostRow, seconds: float) -> str:
        """Ask the guest and wait for its end; what is to be said if it has not come."""
        with self.lifecycle.bus.listen() as listener:
            try:
                async with self._turn(row.uuid) as entry:
                    if entry is None:
                        return ""
                    if entry.state is State.PAUSED:
                        await self.lifecycle.unpause(entry)
                    await self.freezing.thaw_if_frozen(entry)
                    await self._put(row, RowState.STOPPING, f"{seconds:.0f} s at most")
                    await self.lifecycle.ask(entry, Intent.STOP)
            except (XeniaError, OSError) as error:
                return f"it could not be asked to shut down: {error}"
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._until_gone(row.uuid, listener)
        return f"it had not shut down within {seconds:.0f} s"

    async def _until_gone(self, uuid: str, listener: Listener) -> None:
        async for event in listener:
            if event.uuid == uuid and self.lifecycle.table.get(uuid) is None:
                return

    @asynccontextmanager
    async def _turn(self, uuid: str) -> AsyncIterator[Entry | None]:
        """Alone with the domain; None for one that is gone by then."""
        entry = self.lifecycle.table.get(uuid)
        if entry is None:
            yield None
            return
        async with self.locks.of(lambda: entry.started.config.name):
            yield self.lifecycle.table.get(uuid)

    async def _put(self, row: HostRow, state: RowState, detail: str) -> None:
        text = f"{row.domain} {state}{f': {detail}' if detail else ''}"
        if state in (RowState.DESTROYED, RowState.FAILED):
            warn(log, "host-stop: %s", text)
        else:
            log.info("host-stop: %s", text)
            step(text)
        await self.runs.put_row(replace(row, state=state, detail=detail, at=self.lifecycle.clock()))


def _row(entry: Entry, number: int, now: float) -> HostRow:
    """Of a domain of others nothing is known that it could be started from."""
    started = entry.started
    from_file = started.trusted and started.definition.file
    return HostRow(
        started.config.name,
        RowState.WAITING,
        now,
        number=number,
        order=started.config.order,
        definition=Definition() if started.foreign else started.definition,
        text="" if from_file or started.foreign else _text(started),
        paused=started.paused,
        trusted=started.trusted,
        ran=entry.state in ALIVE,
        uuid=started.uuid,
    )


def _text(started: Started) -> str:
    """The domain as it runs, as a guest file; "" where no guest file can say it."""
    try:
        return write(as_it_runs(started))
    except XeniaError as error:
        log.warning("domain %s cannot be brought back: %s", started.config.name, error)
        return ""
