"""What an earlier xend left, brought to one side or the other."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from xenia.engines.base import EngineEvent, Observed
from xenia.manager.lifecycle import Lifecycle, state_at_end
from xenia.manager.moves import Moves
from xenia.manager.policy import PolicyKeeper
from xenia.manager.saves import Saves
from xenia.manager.snapshots.snapshots import Snapshots
from xenia.manager.table import Entry
from xenia.model.domain import ALIVE, EndReason, Phase, Started, State
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconcile:
    lifecycle: Lifecycle
    policy: PolicyKeeper
    saves: Saves
    snapshots: Snapshots
    moves: Moves

    async def run(self) -> None:
        """Called once, before any request: nobody else touches a domain yet, so no lock is needed."""
        written = await self.lifecycle.runs.load()
        try:
            found = {observed.uuid: observed for observed in await self.lifecycle.engine.recover(written)}
        except XeniaError as error:
            log.error("what runs cannot be found, and is left as it is: %s", error)
            return
        for started in sorted(written, key=lambda each: not each.kept_of):  # before their names are given anew
            try:
                await self._settle(started, found.get(started.uuid))
            except (XeniaError, OSError) as error:
                log.error("domain %s: %s", started.config.name, error)
        for step in (self.lifecycle.guard_all, self.lifecycle.route_cards):
            try:
                await step()
            except (XeniaError, OSError) as error:
                log.error("%s", error)

    async def _settle(self, started: Started, observed: Observed | None) -> None:
        name = started.config.name
        if started.moving is not None:
            started = await self._where_it_moves(started, observed)
        if started.phase is Phase.WARM:
            await self.lifecycle.give_up(Entry(started, State.PAUSED))
            return
        if started.phase in (Phase.STARTING, Phase.ENDING):
            log.warning("domain %s was %s when xend ended: it is removed", name, started.phase)
            await self.lifecycle.scripts.offline(started, observed.vifs if observed is not None else ())
            await self.lifecycle.engine.destroy(started.uuid)
            await self.lifecycle.runs.remove(started.uuid)
            return
        entry = Entry(started, State.STARTING)
        self.lifecycle.table.add(entry)
        await self._layers(entry)
        if started.phase is Phase.RESTARTING:
            await self.lifecycle.restart(entry, "begun again by a new xend", started.restarts)
        elif await self.saves.settle(entry):
            return
        elif started.end is not None and started.restart_at is not None:
            entry.state = state_at_end(started.end)
            self.policy.start_later(entry, started.restart_at)
        elif observed is None and started.end is not None:
            await self.lifecycle.end(entry, EventKind.ENDED, "what was preserved of it is gone")
        elif observed is None:
            await self.policy.ended(entry, EndReason.CRASH, gone=True, detail="it ended while no xend ran")
        else:
            await self._take_over(entry, observed)

    async def _layers(self, entry: Entry) -> None:
        """What it writes to must be known before it runs on, or is started over."""
        try:
            await self.snapshots.recover(entry)
        except (XeniaError, OSError) as error:
            log.error("the snapshots of domain %s are not in order: %s", entry.started.config.name, error)

    async def _where_it_moves(self, started: Started, observed: Observed | None) -> Started:
        try:
            started = await self.moves.settle(started, runs=observed is not None)
            await self.lifecycle.runs.save(started)
        except XeniaError as error:
            log.error("where a disk of domain %s is cannot be told: %s", started.config.name, error)
        return started

    async def _take_over(self, entry: Entry, observed: Observed) -> None:
        if observed.domid is not None and observed.domid != entry.started.domid:
            await self.lifecycle.note(entry, domid=observed.domid)
        await self.lifecycle.settle_devices(entry, observed)
        started = entry.started
        entry.state = observed.state
        self.lifecycle.bus.publish(EventKind.FOUND, started)
        if started.end is not None:
            entry.state = state_at_end(started.end)
        elif observed.state not in ALIVE:
            await self.policy.apply(entry, EngineEvent(started.uuid, observed.state, observed.end, observed.detail))
        elif started.paused and observed.state is not State.PAUSED:
            await self.lifecycle.pause(entry)
        elif not started.paused and observed.state is State.PAUSED:
            await self.lifecycle.unpause(entry)
