"""What happens when a guest comes to its end: on_poweroff, on_reboot, on_crash."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xenia.engines.base import EngineEvent
from xenia.lib.aio import Tasks
from xenia.manager.aside import Aside
from xenia.manager.brake import Brake
from xenia.manager.dumps import Dumps
from xenia.manager.lifecycle import Lifecycle, state_at_end
from xenia.manager.locks import NameLocks
from xenia.manager.table import Entry
from xenia.model.domain import ALIVE, EndAction, EndReason, Intent, Phase, Started, State
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind

log = logging.getLogger(__name__)

_RESTARTS = frozenset({EndAction.RESTART, EndAction.RENAME_RESTART, EndAction.COREDUMP_RESTART})
_DUMPS = frozenset({EndAction.COREDUMP_DESTROY, EndAction.COREDUMP_RESTART})


@dataclass(slots=True)
class PolicyKeeper:
    """`sleep` waits for some seconds; `tasks` hold what waits for a domain that is to be started again later."""

    lifecycle: Lifecycle
    dumps: Dumps
    aside: Aside
    locks: NameLocks
    brake: Brake
    tasks: Tasks
    sleep: Callable[[float], Awaitable[None]]

    async def handle(self, event: EngineEvent) -> None:
        """Act on what the engine saw; what is true when the domain's turn comes counts, not what was true when it was
        sent.
        """
        if event.found is not None:
            await self._appeared(event.found, event.state)
            return
        entry = self.lifecycle.table.get(event.uuid)
        if entry is None:
            return
        async with self.locks.of(lambda: entry.started.config.name):
            if self.lifecycle.table.get(event.uuid) is not entry or entry.started.phase is not Phase.RUNNING:
                return
            if event.unplugged is not None:
                await self.lifecycle.strike_out(entry, {event.unplugged})
            elif entry.started.foreign:
                self._follow(entry, event)
            else:
                await self.apply(entry, event)

    async def _appeared(self, found: Started, state: State) -> None:
        """Somebody else has started a domain: it is shown and can be managed."""
        async with self.locks(found.config.name):
            try:
                self.lifecycle.table.add(Entry(found, state))
            except XeniaError as error:
                log.warning("domain %s (id %d) is not shown: %s", found.config.name, found.domid, error)
                return
            self.lifecycle.bus.publish(EventKind.FOUND, found, "started by somebody else")

    def _follow(self, entry: Entry, event: EngineEvent) -> None:
        """What happens at the end of somebody else's domain is for them to do."""
        entry.state = event.state
        if event.state is State.DYING:
            self.lifecycle.table.remove(event.uuid)
            kind = EventKind.CRASHED if event.end is EndReason.CRASH else EventKind.ENDED
            self.lifecycle.bus.publish(kind, entry.started, event.detail)

    async def apply(self, entry: Entry, event: EngineEvent) -> None:
        """The same, under the lock of the domain's name."""
        now = self.lifecycle.engine.observe(event.uuid)
        if now is not None and now.state in ALIVE:
            await self._runs(entry, event, now.state)
        elif entry.started.end is None:
            reason = (now.end if now is not None else event.end) or EndReason.CRASH
            detail = event.detail or (now.detail if now is not None else "")
            await self.ended(entry, reason, gone=now is None, detail=detail)
        elif now is None and entry.started.restart_at is None:
            await self.lifecycle.end(entry, EventKind.ENDED, f"what was preserved of it is gone: {event.detail}")

    async def _runs(self, entry: Entry, event: EngineEvent, state: State) -> None:
        entry.state = state
        if event.end is EndReason.REBOOT:
            await self._has_reset(entry)
        elif event.end is EndReason.CRASH:
            self.lifecycle.bus.publish(EventKind.CRASHED, entry.started, event.detail)

    async def _has_reset(self, entry: Entry) -> None:
        """The guest has started itself over in place."""
        started, lifecycle = entry.started, self.lifecycle
        lately, asked = self._lately(entry), started.intent is not Intent.NONE
        if not asked and self.brake.refuses(lately):
            await lifecycle.end(
                entry, EventKind.ENDED, f"it reboots again and again; {self.brake.refusal}", remembered=True
            )
            return
        intent = Intent.STOP if started.intent is Intent.STOP else Intent.NONE
        restarts = () if asked else (*lately, lifecycle.clock())
        await lifecycle.note(entry, intent=intent, frozen=False, restarts=restarts)
        lifecycle.bus.publish(EventKind.REBOOTED, entry.started)

    async def ended(self, entry: Entry, reason: EndReason, *, gone: bool, detail: str = "") -> None:
        """Act on the end of a guest; `gone` when its engine has nothing left of it."""
        lifecycle, asked = self.lifecycle, entry.started.intent
        if reason in (EndReason.POWEROFF, EndReason.REBOOT) and asked is Intent.REBOOT:
            if gone:
                await lifecycle.restart(entry, detail)
            else:
                await lifecycle.start_over(entry, detail)
            return
        entry.state = state_at_end(reason)
        action = EndAction.DESTROY if asked is Intent.STOP else entry.started.config.policy.action(reason)
        if action in _DUMPS and not gone:
            detail = joined(detail, await self.dumps.keep(entry))
        if action is EndAction.PRESERVE and not gone:
            await lifecycle.keep(entry, reason, detail)
        elif action in _RESTARTS:
            await self._start_again(entry, reason, detail)
        else:
            crashed = reason is EndReason.CRASH
            await lifecycle.end(entry, _kind(reason), detail, remembered=crashed)

    async def _start_again(self, entry: Entry, reason: EndReason, detail: str) -> None:
        """At once, later or not at all, as the brake has it."""
        lifecycle, lately = self.lifecycle, self._lately(entry)
        wait = 0.0 if reason is EndReason.REBOOT else self.brake.wait(lately)
        if self.brake.refuses(lately):
            await lifecycle.end(entry, _kind(reason), joined(detail, self.brake.refusal), remembered=True)
        elif wait:
            at = lifecycle.clock() + wait
            await lifecycle.keep(entry, reason, detail, restart_at=at)
            self.start_later(entry, at)
        else:
            if reason is not EndReason.REBOOT:
                lifecycle.bus.publish(_kind(reason), entry.started, detail)
            await self._restart(entry, reason, detail)

    def start_later(self, entry: Entry, at: float) -> None:
        """Start a domain over, whose guest has ended, when the time has come; unless it is another one by then."""
        name = entry.started.config.name
        self.tasks.start(self._start_when(entry, at), name=f"later restart of {name}")

    async def _start_when(self, entry: Entry, at: float) -> None:
        await self.sleep(max(0.0, at - self.lifecycle.clock()))
        async with self.locks.of(lambda: entry.started.config.name):
            started = entry.started
            same = self.lifecycle.table.get(started.uuid) is entry and started.restart_at == at
            if same and started.end is not None:
                await self._restart(entry, started.end, started.why)

    async def _restart(self, entry: Entry, reason: EndReason, detail: str) -> None:
        started, restarts = entry.started, (*self._lately(entry), self.lifecycle.clock())
        renamed = started.config.policy.action(reason) is EndAction.RENAME_RESTART
        if renamed and self.lifecycle.engine.observe(started.uuid) is not None:
            await self.aside.restart(entry, reason, detail, restarts)
        else:
            await self.lifecycle.restart(entry, detail, restarts)

    def _lately(self, entry: Entry) -> tuple[float, ...]:
        return self.brake.lately(entry.started.restarts, self.lifecycle.clock())


def _kind(reason: EndReason) -> EventKind:
    return EventKind.CRASHED if reason is EndReason.CRASH else EventKind.ENDED


def joined(*sentences: str) -> str:
    """Those that say something, as one."""
    return "; ".join(sentence for sentence in sentences if sentence)
