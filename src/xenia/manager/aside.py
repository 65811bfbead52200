"""rename-restart: a dead guest is kept under another name, and its domain starts over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from xenia.manager.lifecycle import Lifecycle, state_at_end
from xenia.manager.table import Entry
from xenia.model.domain import EndReason, Intent, Started
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """Callers hold the lock of the domain's name. Of each domain the last dead guest is kept: each has all its memory.

    The kept one is written down before the engine has it, and the restart of its domain as well: a new xend drops a
    kept one that the engine has not, and begins the restart again.
    """

    lifecycle: Lifecycle
    new_uuid: Callable[[], str]

    async def restart(self, entry: Entry, reason: EndReason, detail: str, restarts: tuple[float, ...]) -> None:
        """Set the dead guest aside and start its domain over; without keeping it where it cannot be kept."""
        lifecycle = self.lifecycle
        for earlier in [each for each in lifecycle.table if each.started.kept_of == entry.started.uuid]:
            await lifecycle.end(earlier, EventKind.ENDED, "a later one is kept in its place")
        kept = self._kept(entry.started, reason, detail)
        spare = Entry(kept, state_at_end(reason))
        try:
            lifecycle.table.add(spare)
            await lifecycle.runs.save(kept)
            await lifecycle.begin_restart(entry, restarts)
            await lifecycle.engine.set_aside(entry.started.uuid, kept)
        except (XeniaError, OSError) as error:
            log.error("the dead guest of domain %s cannot be kept: %s", entry.started.config.name, error)
            lifecycle.table.remove(kept.uuid)
            await lifecycle.runs.remove(kept.uuid)
            await lifecycle.restart(entry, f"{detail}; it could not be kept: {error}", restarts)
            return
        lifecycle.bus.publish(EventKind.KEPT, entry.started, f"as {kept.config.name}: {detail}")
        lifecycle.bus.publish(EventKind.FOUND, kept, f"kept of {entry.started.config.name}")
        await lifecycle.finish_restart(entry, f"{detail}; kept as {kept.config.name}", spare=spare)

    def _kept(self, started: Started, reason: EndReason, why: str) -> Started:
        """What is left of a dead guest: no disks, no cards."""
        config = replace(started.config, name=self._name(started.config.name), uuid=None, disks=(), vifs=())
        return replace(
            started,
            uuid=self.new_uuid(),
            config=config,
            macs=(),
            intent=Intent.NONE,
            frozen=False,
            end=reason,
            why=why,
            restart_at=None,
            restarts=(),
            moving=None,
            kept_of=started.uuid,
        )

    def _name(self, name: str) -> str:
        """As xl calls it: with the time, in UTC."""
        at = datetime.fromtimestamp(self.lifecycle.clock(), UTC).strftime("%Y%m%dT%H%MZ")
        wanted = f"{name}-{at}"
        number = 1
        while self.lifecycle.table.by_name(wanted) is not None:
            number += 1
            wanted = f"{name}-{at}-{number}"
        return wanted
