"""Starting domains with the host: those of etc/xen/auto, and those that the last host-stop has ended.

What is to be started is written down first, and then how far it has come with each: an xend that was killed in between
is followed by one that goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from xenia.lib.steps import step, warn
from xenia.lib.text import decode
from xenia.manager.autostart import Autostart, circle_said
from xenia.manager.creation import Creation
from xenia.manager.jobs import from_system
from xenia.manager.suspending import Suspending
from xenia.model.autostart import Member
from xenia.model.caller import Caller, Role
from xenia.model.domain import ALIVE, Definition, Phase
from xenia.model.errors import XeniaError, unavailable
from xenia.model.host_run import HostRow, HostRun, RowState, RunKind
from xenia.model.request import CreateRequest
from xenia.model.start_order import arrange
from xenia.store.auto import read_guest_file
from xenia.store.host_runs import HostRuns

log = logging.getLogger(__name__)

HOST = Caller(0, "xend", Role.ADMINISTRATOR)
"""Who starts what an administrator has linked in etc/xen/auto, or has started before."""

OPERATOR = Caller(0, "xend", Role.OPERATOR)
"""Who starts again what an operator has started: with no more rights than that."""

_TO_DO = frozenset({RowState.WAITING, RowState.STARTING})
_NOT_STARTED = frozenset({RowState.FAILED, RowState.HELD})


@dataclass(slots=True)
class HostStart:
    """With `bring_back`, what the last host-stop has ended is started as well. `sleep` waits so many seconds."""

    autostart: Autostart
    creation: Creation
    suspending: Suspending
    runs: HostRuns
    bring_back: bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def plan(self) -> HostRun:
        """What is to be started now, in order; what cannot be is told among it."""
        now = self.creation.lifecycle.clock()
        rows: dict[str, HostRow] = {}
        for member in await self.autostart.members():  # a second entry for a domain comes after the first
            rows.setdefault(member.domain, _row(member, now))
        if self.bring_back:
            lost = to_bring_back(self.runs.last, self.runs.boot)
            rows |= {row.domain: _again(row, rows.get(row.domain), now) for row in lost}
        arranged = arrange(row.place for row in rows.values() if row.state is RowState.WAITING)
        ordered = [rows.pop(place.name) for place in arranged.sequence]
        for circle in arranged.circles:
            ordered += (_failed(rows.pop(name), circle_said(circle), now) for name in circle)
        return HostRun(RunKind.START, self.runs.boot, now, (*ordered, *rows.values()))

    async def go_on(self) -> None:
        """Start what is still to be started, one after the other. Raises unavailable when a host-stop has begun."""
        begun = self.runs.last
        while True:
            run = self.runs.last
            if run is None or begun is None or (run.kind, run.began_at) != (begun.kind, begun.began_at):
                raise unavailable("the host is being stopped: what was not started yet stays down")
            row = next((row for row in run.rows if row.state in _TO_DO), None)
            if row is None:
                await self.runs.put(replace(run, ended_at=self.creation.lifecycle.clock()))
                return
            if await self._wait(run.rows):
                continue  # something may have happened meanwhile
            await self._start(row)

    async def _wait(self, rows: Iterable[HostRow]) -> bool:
        """Wait for the delays of those that were started; whether there was one."""
        now = self.creation.lifecycle.clock()
        started = (row for row in rows if row.state is RowState.STARTED)
        longest = max((min(row.at + row.order.delay - now, row.order.delay) for row in started), default=0)
        if longest <= 0:
            return False
        step(f"waits for {longest:.0f} s, as a guest file says")
        await self.sleep(longest)
        return True

    async def _start(self, row: HostRow) -> None:
        missing = [name for name in row.order.after if not self._runs(name)]
        if self._runs(row.domain):
            await self._put(row, RowState.RAN)
        elif missing:
            await self._put(row, RowState.HELD, self._why_missing(missing[0]))
        else:
            await self._put(row, RowState.STARTING)
            await self._put(row, *await self._create(row))

    async def _create(self, row: HostRow) -> tuple[RowState, str]:
        """Start it, or let it go on where it is suspended."""
        file, overrides = row.definition.file, () if row.text else row.definition.overrides
        record = self.creation.lifecycle.records.by_name(row.domain)
        try:
            if record is not None and record.suspended is not None:
                entry = await self.suspending.bring_back(record, row.paused, False, lambda _: None)
                return RowState.STARTED, f"resumed, id {entry.started.domid}"
            text = row.text or decode(read_guest_file(file))
            request = CreateRequest(text, file, overrides, row.paused, row.domain)
            entry, _ = await self.creation.create(request, HOST if row.trusted else OPERATOR)
        except XeniaError as error:
            return RowState.FAILED, error.message
        except OSError as error:
            return RowState.FAILED, from_system(error).message
        return RowState.STARTED, f"id {entry.started.domid}"

    def _runs(self, name: str) -> bool:
        entry = self.creation.lifecycle.table.by_name(name)
        return entry is not None and entry.state in ALIVE and entry.started.phase is Phase.RUNNING

    def _why_missing(self, name: str) -> str:
        row = self.runs.last.row(name) if self.runs.last is not None else None
        if row is None:
            return f"it waits for '{name}', which does not run and does not start with the host"
        return f"it waits for '{name}', which {'has failed' if row.state is RowState.FAILED else 'does not run'}"

    async def _put(self, row: HostRow, state: RowState, detail: str = "") -> None:
        """Written down, unless a host-stop has begun meanwhile."""
        run = self.runs.last
        if run is not None and run.kind is RunKind.START:
            text = f"{row.domain} {state}{f': {detail}' if detail else ''}"
            if state in (RowState.FAILED, RowState.HELD):
                warn(log, "host-start: %s", text)
            else:
                log.info("host-start: %s", text)
                step(text)
            now = self.creation.lifecycle.clock()
            await self.runs.put_row(replace(row, state=state, detail=detail, at=now))


def to_bring_back(last: HostRun | None, boot: str) -> tuple[HostRow, ...]:
    """The domains that ran when the host was stopped. A start that was cut off by the host's end, or has failed with
    them since it booted, still has them.
    """
    if last is None:
        return ()
    ran = (row for row in last.rows if row.ran and (row.definition.file or row.text))
    if last.kind is RunKind.STOP or last.ended_at is None:
        return tuple(ran)
    return tuple(row for row in ran if row.state in _NOT_STARTED and last.boot == boot)


def _row(member: Member, now: float) -> HostRow:
    state = RowState.FAILED if member.problem else RowState.WAITING
    definition = Definition(member.file)
    return HostRow(member.domain, state, now, member.problem, member.number, member.order, definition)


def _again(ended: HostRow, member: HostRow | None, now: float) -> HostRow:
    """As it ran before, in the place that it has now; what is linked goes before what an operator has started."""
    if member is not None and not ended.trusted:
        return member
    again = replace(ended, state=RowState.WAITING, detail="", at=now)
    return replace(again, number=member.number, order=member.order) if member is not None else again


def _failed(row: HostRow, why: str, now: float) -> HostRow:
    return replace(row, state=RowState.FAILED, detail=why, at=now)
