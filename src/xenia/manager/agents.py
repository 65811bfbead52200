"""What agents in guests tell, and what they are asked to do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from xenia.engines.agent import Agent, HasAgents, WorkingAgent
from xenia.engines.base import Engine
from xenia.manager.inventory import Inventory
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, gone
from xenia.model.agent import AgentInfo, Execution, Interface, with_cards
from xenia.model.caller import Caller
from xenia.model.domain import Started, State
from xenia.model.errors import ErrorKind, XeniaError, invalid
from xenia.model.host import Capability
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require

_SECONDS = 5.0
_GLANCE_SECONDS = 1.0
_SILENT_SECONDS = 30.0
"""For so long an agent that did not answer at a glance is not asked again at one."""


class Agents:
    def __init__(self, engine: Engine, inventory: Inventory, turns: Turns) -> None:
        self._engine = engine
        self._inventory = inventory
        self._turns = turns
        self._silent: dict[str, float] = {}

    async def info(self, ref: str, caller: Caller) -> AgentInfo:
        """All that the agent of a domain tells. Raises as `Inventory.find`, and as an agent does."""
        started, agent = await self._agent("agent", ref, caller)
        told = await agent.info()
        return replace(told, interfaces=with_cards(told.interfaces or (), _macs(started)))

    async def interfaces(self, ref: str, caller: Caller) -> tuple[Interface, ...]:
        """The network interfaces of a guest, those that are cards of ours first. Raises as `info`."""
        started, agent = await self._agent("agent", ref, caller)
        return with_cards(await agent.interfaces(seconds=_SECONDS), _macs(started))

    async def glance(self, started: Started) -> tuple[Interface, ...]:
        """The same where it can be had quickly, else nothing."""
        uuid, now = started.uuid, time.monotonic()
        observed = self._engine.observe(uuid)
        runs = observed is not None and observed.state in (State.RUNNING, State.BLOCKED)
        self._silent = {each: until for each, until in self._silent.items() if until > now}
        if Capability.AGENT not in self._engine.capabilities or not runs or uuid in self._silent:
            return ()
        try:
            agent = cast(HasAgents, self._engine).agent(uuid)
            return with_cards(await agent.interfaces(seconds=_GLANCE_SECONDS), _macs(started))
        except XeniaError as error:
            if error.kind is ErrorKind.TIMED_OUT:
                self._silent[uuid] = now + _SILENT_SECONDS
            return ()

    async def ping(self, ref: str, caller: Caller) -> float:
        """The seconds that an agent took to answer. Raises as `info`."""
        _, agent = await self._working("agent-ping", ref, caller)
        return await agent.ping()

    def set_time(self, ref: str, caller: Caller) -> Job:
        """agent-time as a job, whose result has `offset`: the seconds that the guest's clock is ahead after it. Raises
        as `Turns.start`.
        """

        async def verb(entry: Entry) -> dict[str, Any]:
            agent = cast(HasAgents, self._engine).agent(entry.started.uuid)
            return {"offset": await cast(WorkingAgent, agent).set_time()}

        return self._turns.start("agent-time", ref, caller, verb)

    async def run(self, ref: str, command: Sequence[str], stdin: bytes, caller: Caller) -> int:
        """Start a command in a guest; its process id there. Raises as `info`, and invalid for none."""
        _, agent = await self._working("agent-exec", ref, caller)
        if not command or not command[0] or any("\0" in word for word in command):
            raise invalid("that is no command", "name a program of the guest: xm agent DOMAIN exec -- uname -a")
        return await agent.run(command, stdin)

    async def result(self, ref: str, pid: int, seconds: float, caller: Caller) -> Execution:
        """How far a command is that `run` has started, when it has ended or after `seconds`. Raises as `info`."""
        _, agent = await self._working("agent-exec", ref, caller)
        return await agent.result(pid, seconds=seconds)

    async def _working(self, operation: str, ref: str, caller: Caller) -> tuple[Started, WorkingAgent]:
        started, agent = await self._agent(operation, ref, caller)
        return started, cast(WorkingAgent, agent)

    async def _agent(self, operation: str, ref: str, caller: Caller) -> tuple[Started, Agent]:
        require(caller.role, OPERATIONS[operation])
        domain = await self._inventory.look_up(ref)
        self._turns.permit(operation, domain)
        started = self._inventory.started(domain.uuid)
        if started is None:
            raise gone(domain)
        return started, cast(HasAgents, self._engine).agent(domain.uuid)


def _macs(started: Started) -> dict[int, str]:
    """The addresses of its cards by their numbers."""
    return {vif.item: mac for vif, mac in zip(started.config.vifs, started.macs, strict=False)}
