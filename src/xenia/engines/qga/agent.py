"""A qemu-guest-agent as engines offer it (engines/agent.py)."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from xenia.engines.qga import read
from xenia.engines.qga.channel import Channel, Conversation, Nonsense, Refused, Silent
from xenia.lib.text import printable
from xenia.model.agent import AgentInfo, Execution, Interface
from xenia.model.errors import XeniaError, conflict, engine_failed, timed_out

SECONDS = 5.0
"""How long an agent may take for a question; it answers in milliseconds."""

FREEZE_SECONDS = 30.0
"""How long it may take to write out what a guest has in memory."""

SHUTDOWN_SECONDS = 3.0

OUTPUT_LIMIT = 8 << 20
"""Bytes of an answer that has the output of a command in it, as base64: 6 MiB of output."""

_FIRST_PAUSE, _MOST_PAUSE = 0.02, 0.5
"""Seconds between two looks at a command."""


class QemuGuestAgent:
    """`is_there` says whether an agent listens at the guest's end; `name` is the domain's."""

    def __init__(self, channel: Channel, name: Callable[[], str], is_there: Callable[[], bool]) -> None:
        self._channel = channel
        self._name = name
        self._is_there = is_there

    async def info(self) -> AgentInfo:
        async with self._conversation("guest-info", SECONDS) as agent:
            version = read.version(await agent.execute("guest-info"))
            told = {command: await _asked(agent, command) for command in read.QUESTIONS}
            offset = await _offset(agent)
        return read.info(version, told, offset)

    async def interfaces(self, *, seconds: float) -> tuple[Interface, ...]:
        command = "guest-network-get-interfaces"
        async with self._conversation(command, seconds) as agent:
            return read.interfaces(await agent.execute(command)) or ()

    async def ping(self) -> float:
        async with self._conversation("guest-ping", SECONDS) as agent:
            before = time.monotonic()
            await agent.execute("guest-ping")
            return time.monotonic() - before

    async def set_time(self) -> float:
        async with self._conversation("guest-set-time", SECONDS) as agent:
            await agent.execute("guest-set-time", {"time": time.time_ns()})
            offset = await _offset(agent)
            if offset is None:
                raise Nonsense("it does not tell its time")
            return offset

    async def freeze(self) -> int:
        return await self._count("guest-fsfreeze-freeze", FREEZE_SECONDS)

    async def thaw(self) -> int:
        return await self._count("guest-fsfreeze-thaw", SECONDS)

    async def _count(self, command: str, seconds: float) -> int:
        async with self._conversation(command, seconds) as agent:
            count = read.number(await agent.execute(command))
            if count is None:
                raise Nonsense("its answer is no number")
            return count

    async def shutdown(self, *, reboot: bool) -> None:
        """Have the guest shut down; one that says nothing more is taken to be at it. Raises as all of it does."""
        command, asked = "guest-shutdown", False
        try:
            async with self._conversation(command, SHUTDOWN_SECONDS) as agent:
                asked = True
                await agent.tell(command, {"mode": "reboot" if reboot else "powerdown"})
        except XeniaError as error:
            if not (asked and isinstance(error.__cause__, Silent)):
                raise

    async def run(self, command: Sequence[str], stdin: bytes) -> int:
        arguments: dict[str, Any] = {"path": command[0], "arg": list(command[1:]), "capture-output": True}
        if stdin:
            arguments["input-data"] = base64.b64encode(stdin).decode()
        async with self._conversation("guest-exec", SECONDS) as agent:
            answer = await agent.execute("guest-exec", arguments)
            pid = read.number(answer.get("pid")) if isinstance(answer, dict) else None
            if pid is None:
                raise Nonsense("it does not tell the process")
            return pid

    async def result(self, pid: int, *, seconds: float) -> Execution:
        deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
        while True:
            async with self._conversation("guest-exec-status", SECONDS) as agent:
                status = await agent.execute("guest-exec-status", {"pid": pid}, limit=OUTPUT_LIMIT)
                execution = read.execution(status)
                if execution is None:
                    raise Nonsense("it does not tell how far the command is")
            left = deadline - time.monotonic()
            if execution.exited or left <= 0:
                return execution
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _MOST_PAUSE)

    @asynccontextmanager
    async def _conversation(self, command: str, seconds: float) -> AsyncIterator[Conversation]:
        """What goes wrong in it, in words."""
        name = self._name()
        if not self._is_there():
            raise conflict(
                f"no agent runs in domain '{name}'",
                "install qemu-guest-agent in the guest, and start it there; it takes some seconds after a boot",
            )
        try:
            async with self._channel.conversation(seconds) as conversation:
                yield conversation
        except Silent as error:
            raise timed_out(
                f"the agent in domain '{name}' does not answer: {error}", "it may be busy, or hang: start it anew there"
            ) from error
        except Nonsense as error:
            raise engine_failed(
                f"what the agent in domain '{name}' says cannot be used: {error}", "is it a qemu-guest-agent?"
            ) from error
        except Refused as error:
            raise engine_failed(
                f"the agent in domain '{name}' refuses {command}: {printable(str(error)) or 'it does not say why'}",
                _HINTS.get(error.kind),
            ) from error


_HINTS = {"CommandNotFound": "it is too old for it, or set up without it (its option --blacklist, --block-rpcs)"}


async def _asked(agent: Conversation, command: str) -> Any:
    """The answer to a question that an agent need not know."""
    try:
        return await agent.execute(command)
    except Refused:
        return None


async def _offset(agent: Conversation) -> float | None:
    """The seconds that the guest's clock is ahead; half of what the question took is on its way back."""
    before = time.time_ns()
    told = read.number(await _asked(agent, "guest-get-time"))
    return None if told is None else round((told - (before + time.time_ns()) / 2) / 1e9, 3)
