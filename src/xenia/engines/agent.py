"""Agents in guests, as engines offer them. An agent may lie, hang or be gone: every call ends within its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from xenia.model.agent import AgentInfo, Execution, Interface


class Agent(Protocol):
    """What there is with the capability AGENT. All raise a conflict where no agent runs, timed_out where it does not
    answer, and engine_failed where it refuses or answers what has no sense.
    """

    async def info(self) -> AgentInfo:
        """All that it tells."""

    async def interfaces(self, *, seconds: float) -> tuple[Interface, ...]:
        """The guest's network interfaces with their addresses, within `seconds`."""


class WorkingAgent(Agent, Protocol):
    """What there is beside that with the capability AGENT_COMMANDS."""

    async def ping(self) -> float:
        """The seconds that it took to answer."""

    async def set_time(self) -> float:
        """Set the guest's clock to the host's; the seconds that it is ahead after that."""

    async def freeze(self) -> int:
        """Have the file systems written out and hold all writes; their number. Where this fails they may yet be frozen
        later: `thaw` has to be called until it does not fail.
        """

    async def thaw(self) -> int:
        """Let the guest write again; the number of file systems that were frozen."""

    async def run(self, command: Sequence[str], stdin: bytes) -> int:
        """Start a command with its arguments, as the user that the agent is; its process id in the guest."""

    async def result(self, pid: int, *, seconds: float) -> Execution:
        """How far the command is, as soon as it has ended, or after `seconds`. Its end is told once."""


class HasAgents(Protocol):
    """An engine with the capability AGENT; with AGENT_COMMANDS its agents are `WorkingAgent`."""

    def agent(self, uuid: str) -> Agent:
        """That of a guest. Raises engine_failed for a guest that there is not, and a conflict for one that has no way
        to an agent.
        """
