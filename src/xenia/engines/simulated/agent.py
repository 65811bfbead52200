"""The agent in a simulated guest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xenia.engines.simulated.host import SimulatedGuest, SimulatedHost
from xenia.model.agent import AgentInfo, Execution, Interface
from xenia.model.errors import conflict, engine_failed, timed_out


class SimulatedAgent:
    """It tells what `host.agents` has of its guest, and runs one command: `true`."""

    def __init__(self, host: SimulatedHost, uuid: str) -> None:
        self._host = host
        self._uuid = uuid

    def told(self) -> AgentInfo:
        """What it has to tell, at once. Raises a conflict where there is no agent, timed_out where it is mute."""
        name = self._guest().name
        if name not in self._host.agents:
            raise conflict(f"no agent runs in domain '{name}'")
        if name in self._host.mute:
            raise timed_out(f"the agent in domain '{name}' does not answer")
        return self._host.agents[name]

    def _guest(self) -> SimulatedGuest:
        try:
            return self._host.guests[self._uuid]
        except KeyError:
            raise engine_failed(f"the simulated guest {self._uuid} is gone") from None

    async def info(self) -> AgentInfo:
        return replace(self.told(), frozen=self._guest().frozen)

    async def interfaces(self, *, seconds: float) -> tuple[Interface, ...]:
        del seconds
        return self.told().interfaces or ()

    async def ping(self) -> float:
        self.told()
        return 0.001

    async def set_time(self) -> float:
        await self._host.step("set time")
        name = self._guest().name
        self._host.agents[name] = replace(self.told(), time_offset=0.0)
        await self._host.step("time set")
        return 0.0

    async def freeze(self) -> int:
        await self._host.step("freeze")
        self.told()
        self._guest().frozen = True
        await self._host.step("frozen")
        return 1

    async def thaw(self) -> int:
        await self._host.step("thaw")
        self.told()
        guest = self._guest()
        count, guest.frozen = int(guest.frozen), False
        await self._host.step("thawed")
        return count

    async def run(self, command: Sequence[str], stdin: bytes) -> int:
        del stdin
        self.told()
        if command[0] != "true":
            raise engine_failed(f"there is no program {command[0]}")
        return 1

    async def result(self, pid: int, *, seconds: float) -> Execution:
        del seconds
        self.told()
        if pid != 1:
            raise engine_failed(f"there is no command {pid}")
        return Execution(exited=True, exit_code=0)
