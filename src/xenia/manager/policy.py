"""What happens when a guest comes to its end: on_poweroff, on_reboot, on_crash."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from xenia.engines.base import EngineEvent
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.table import Entry
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import ALIVE, EndAction, EndReason, Intent, Phase, Policy, Started, State
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind
from xenia.model.host import Capability

log = logging.getLogger(__name__)

SHORTEST_LIFE = 60.0
"""A guest that ends sooner after its start (seconds) is not started over by a policy: a loop helps nobody (as in
xend).
"""

_RESTARTS = frozenset({EndAction.RESTART, EndAction.RENAME_RESTART, EndAction.COREDUMP_RESTART})


_NEARLY = {
    EndAction.RENAME_RESTART: "the domain is restarted; the old one is not kept under another name",
    EndAction.COREDUMP_DESTROY: "the domain is destroyed; its core is not dumped",
    EndAction.COREDUMP_RESTART: "the domain is restarted; its core is not dumped",
}


def explain_policy(policy: Policy) -> tuple[Complaint, ...]:
    """What of on_poweroff, on_reboot and on_crash is not done as written."""
    return tuple(
        Complaint(Severity.NOTE, f"{key} = '{action}': {_NEARLY[action]}", key=key)
        for key in ("on_poweroff", "on_reboot", "on_crash")
        if (action := getattr(policy, key)) in _NEARLY
    )


@dataclass(frozen=True, slots=True)
class PolicyKeeper:
    lifecycle: Lifecycle
    locks: NameLocks

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
        if event.end is EndReason.REBOOT and now is not None and now.state in ALIVE:
            await self._has_reset(entry)
        elif now is not None and now.state in ALIVE:
            entry.state = now.state
        elif entry.started.end is None:
            reason = (now.end if now is not None else event.end) or EndReason.CRASH
            await self.ended(entry, reason, gone=now is None, detail=event.detail)

    async def _has_reset(self, entry: Entry) -> None:
        """The guest has started itself over in place."""
        started = entry.started
        intent = Intent.STOP if started.intent is Intent.STOP else Intent.NONE
        if started.intent is not intent or started.frozen:
            await self.lifecycle.note(entry, intent=intent, frozen=False)
        entry.state = State.RUNNING
        self.lifecycle.bus.publish(EventKind.REBOOTED, entry.started)

    async def ended(self, entry: Entry, reason: EndReason, *, gone: bool, detail: str = "") -> None:
        """Act on the end of a guest; `gone` when its engine has nothing left of it."""
        lifecycle, asked = self.lifecycle, entry.started.intent
        if reason in (EndReason.POWEROFF, EndReason.REBOOT) and asked is Intent.REBOOT:
            if gone or not self._starts_over_in_place(entry):
                await lifecycle.restart(entry, detail)
            else:
                await lifecycle.reset(entry)
            return
        action = EndAction.DESTROY if asked is Intent.STOP else entry.started.config.policy.action(reason)
        kind = EventKind.CRASHED if reason is EndReason.CRASH else EventKind.ENDED
        if action is EndAction.PRESERVE and not gone:
            await lifecycle.preserve(entry, reason)
        elif action in _RESTARTS and (reason is EndReason.REBOOT or self._may_restart(entry)):
            if reason is not EndReason.REBOOT:
                lifecycle.bus.publish(kind, entry.started, detail)
            await lifecycle.restart(entry, detail)
        else:
            await lifecycle.end(entry, kind, detail)

    def _starts_over_in_place(self, entry: Entry) -> bool:
        """A boot loader is to find what its guest has installed meanwhile: then all is begun anew."""
        anew = entry.started.config.boot.bootloader is not None
        return Capability.RESET in self.lifecycle.engine.capabilities and not anew

    def _may_restart(self, entry: Entry) -> bool:
        lived = self.lifecycle.clock() - entry.started.started_at
        if lived >= SHORTEST_LIFE:
            return True
        log.warning("domain %s ended after %.0f s: not started over", entry.started.config.name, lived)
        return False
