"""Guests whose file systems are frozen by their agents: for a moment, and never for good.

That one is to be frozen is written down before it is, and struck out once it is thawed. A limit of time thaws it by
itself; so does the end of this xend, and the next one when it finds it written down.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, cast

from xenia.engines.agent import HasAgents, WorkingAgent
from xenia.lib.aio import Tasks
from xenia.lib.steps import step, warn
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.domain import ALIVE
from xenia.model.errors import XeniaError, conflict
from xenia.model.event import EventKind
from xenia.model.job import Job

log = logging.getLogger(__name__)

SECONDS = 30.0
"""How long a guest stays frozen where nobody says how long."""

LONGEST = 600.0

_ANSWER_SECONDS = 3.0
_AGAIN = 5.0
_CLOSING = 5.0


class Freezing:
    """`recover` once it is known what runs, `close` at the end."""

    def __init__(self, lifecycle: Lifecycle, locks: NameLocks, turns: Turns) -> None:
        self._lifecycle = lifecycle
        self._locks = locks
        self._turns = turns
        self._limits: dict[str, asyncio.Task[None]] = {}
        self._tasks = Tasks()

    def start(self, operation: str, ref: str, caller: Caller, seconds: float = SECONDS) -> Job:
        """agent-freeze or agent-thaw as a job, whose result has `filesystems`, their number, and for agent-freeze the
        `seconds` after which the guest is thawed by itself. Raises as `Turns.start`.
        """

        async def freeze(entry: Entry) -> dict[str, Any]:
            return {"filesystems": await self.freeze(entry, seconds), "seconds": seconds}

        async def thaw(entry: Entry) -> dict[str, Any]:
            return {"filesystems": await self.thaw(entry)}

        if operation == "agent-thaw":
            return self._turns.start(operation, ref, caller, thaw)
        return self._turns.start(operation, ref, caller, self.promise, then=freeze)

    async def freeze_if_it_answers(self, entry: Entry, seconds: float) -> bool:
        """Freeze a guest whose agent answers at once; whether it is frozen. The caller has the domain's turn."""
        await self.thaw_if_frozen(entry)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._agent(entry).ping()
            await self.promise(entry)
            await self.freeze(entry, seconds)
        except (XeniaError, TimeoutError) as error:
            log.info("domain %s is not frozen: %s", entry.started.config.name, error)
            step(f"its file systems are not frozen: {error}")
            return False
        return True

    async def promise(self, entry: Entry) -> None:
        """Write down that a guest is to be frozen, and so to be thawed. The caller has the domain's turn. Raises a
        conflict for one that is frozen or has no way to an agent, OSError; then it is not.
        """
        name = entry.started.config.name
        if entry.started.frozen:
            raise conflict(f"the file systems of domain '{name}' are frozen already", f"xm agent {name} thaw")
        self._agent(entry)
        wanted = replace(entry.started, frozen=True)
        await self._lifecycle.runs.save(wanted)
        entry.started = wanted

    async def freeze(self, entry: Entry, seconds: float) -> int:
        """Freeze a guest for at most `seconds`, once that is promised; the number of its file systems. Raises what
        WorkingAgent.freeze raises: then it is thawed as soon as its agent answers.
        """
        try:
            count = await self._agent(entry).freeze()
        except XeniaError:
            self._thaw_after(entry, 0)
            raise
        self._thaw_after(entry, seconds)
        self._lifecycle.bus.publish(EventKind.FROZEN, entry.started, f"for at most {seconds:g} s")
        return count

    async def thaw(self, entry: Entry) -> int:
        """Let a guest write again, whoever has frozen it; the number of file systems that were. The caller has the
        domain's turn. Raises what WorkingAgent.thaw raises.
        """
        count = await self._agent(entry).thaw()
        await self._thawed(entry)
        return count

    async def _thawed(self, entry: Entry) -> None:
        if entry.started.frozen:
            await self._lifecycle.note(entry, frozen=False)
            self._lifecycle.bus.publish(EventKind.THAWED, entry.started)
        self._forget(entry)

    async def thaw_if_frozen(self, entry: Entry) -> None:
        """Thaw a guest that is to do something else; where its agent does not answer, that is tried all the same."""
        if entry.started.frozen:
            try:
                await self.thaw(entry)
            except XeniaError as error:
                warn(log, "%s", error)

    def recover(self) -> None:
        """What an earlier xend has left frozen is thawed."""
        for entry in self._lifecycle.table:
            if entry.started.frozen:
                self._thaw_after(entry, 0)

    async def close(self) -> None:
        """Thaw what is frozen, as far as agents answer now: nobody else looks after it."""
        await self._tasks.close()
        frozen = [entry for entry in self._lifecycle.table if entry.started.frozen]
        try:
            async with asyncio.timeout(_CLOSING):
                await asyncio.gather(*(self.thaw_if_frozen(entry) for entry in frozen))
        except TimeoutError:
            log.warning("not all guests could be thawed: the next xend does it")

    def _agent(self, entry: Entry) -> WorkingAgent:
        return cast(WorkingAgent, cast(HasAgents, self._lifecycle.engine).agent(entry.started.uuid))

    def _thaw_after(self, entry: Entry, seconds: float) -> None:
        self._forget(entry)
        name = f"the thawing of domain {entry.started.config.name}"
        self._limits[entry.started.uuid] = self._tasks.start(self._thaw_later(entry, seconds), name=name)

    def _forget(self, entry: Entry) -> None:
        task = self._limits.pop(entry.started.uuid, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _thaw_later(self, entry: Entry, seconds: float) -> None:
        """An agent that does not answer is asked again, as long as there is something to thaw. It is asked outside of
        the domain's turn: nobody is to wait for it.
        """
        while True:
            await asyncio.sleep(seconds)
            if not self._is_to_be_thawed(entry):
                return
            try:
                await self._agent(entry).thaw()
            except XeniaError as error:
                log.warning("domain %s is still frozen: %s", entry.started.config.name, error)
                seconds = _AGAIN
                continue
            async with self._locks.of(lambda: entry.started.config.name):
                if self._is_to_be_thawed(entry):
                    await self._thawed(entry)
            return

    def _is_to_be_thawed(self, entry: Entry) -> bool:
        there = self._lifecycle.table.get(entry.started.uuid) is entry
        return there and entry.started.frozen and entry.state in ALIVE
