"""What the hypervisor itself knows: domains, their figures, the machine; asked through a small helper process.

Xen's packages build the module xen.lowlevel.xc for the system's Python and their own version of the hypervisor, so it
is that Python which loads it, never xend's.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from xenia.lib.aio import Tasks
from xenia.model.domain import EndReason, State
from xenia.model.errors import engine_failed, unavailable

log = logging.getLogger(__name__)

PYTHON = "/usr/bin/python3"

_MAIN = Path(__file__).with_name("hypervisor_main.py")
_SECONDS = 20.0
_START_SECONDS = 60.0

_SUSPENDED = 2
_REASONS = {
    0: (EndReason.POWEROFF, "the guest powered itself off"),
    1: (EndReason.REBOOT, "the guest asked for a reboot"),
    3: (EndReason.CRASH, "the guest crashed (xl dmesg and its console may say more)"),
    4: (EndReason.CRASH, "the guest did not feed its watchdog in time"),
    5: (EndReason.REBOOT, "the guest asked for a soft reset, and is started anew instead"),
}
"""SHUTDOWN_poweroff, _reboot, _crash, _watchdog and _soft_reset (Xen public/sched.h)."""


@dataclass(frozen=True, slots=True)
class DomainInfo:
    """One domain as the hypervisor sees it (xc_domain_getinfo). Memory in KiB, CPU time in nanoseconds."""

    domid: int
    handle: tuple[int, ...]
    dying: int
    crashed: int
    shutdown: int
    shutdown_reason: int
    paused: int
    blocked: int
    hvm: int
    mem_kb: int
    maxmem_kb: int
    cpu_time: int
    online_vcpus: int

    @property
    def uuid(self) -> str:
        return str(UUID(bytes=bytes(self.handle)))

    @property
    def state(self) -> State:
        if self.dying:
            return State.DYING
        if self.end is not None:
            return State.CRASHED if self.end is EndReason.CRASH else State.SHUTDOWN
        if self.paused or self.shutdown:
            return State.PAUSED
        return State.BLOCKED if self.blocked else State.RUNNING

    @property
    def suspended(self) -> bool:
        """Whether it has been stopped to be saved, and is to go on somewhere."""
        return bool(self.shutdown) and self.shutdown_reason == _SUSPENDED

    @property
    def end(self) -> EndReason | None:
        """Why it has shut down; None for one that has not, or that only is suspended."""
        return self._ending[0]

    @property
    def why(self) -> str:
        """The same in words; "" where it has not."""
        return self._ending[1]

    @property
    def _ending(self) -> tuple[EndReason | None, str]:
        if self.crashed:  # and then not `shutdown`, as xc_domain_getinfo has it
            return _REASONS[3]
        if not self.shutdown or self.suspended:
            return None, ""
        return _REASONS.get(self.shutdown_reason, _REASONS[0])


@dataclass(frozen=True, slots=True)
class VcpuInfo:
    """One virtual CPU as the hypervisor sees it (xc_vcpu_getinfo). CPU time in nanoseconds."""

    number: int
    online: int
    blocked: int
    running: int
    cpu_time: int


def _info(row: list[Any]) -> DomainInfo:
    domid, handle, *figures = row
    return DomainInfo(domid, tuple(handle), *figures)


_Waiting = dict[int, asyncio.Future[dict[str, Any]]]


class Hypervisor:
    """`start` before anything else, `close` at the end. A helper that has died is started anew when next asked."""

    def __init__(self, python: str = PYTHON, folders: Sequence[str] = ()) -> None:
        """`folders` are searched for Xen's Python modules before the system's own."""
        self._words = [python, "-I", "-S", os.fspath(_MAIN), *folders]
        self._process: asyncio.subprocess.Process | None = None
        self._numbers = itertools.count(1)
        self._waiting: _Waiting = {}
        """For an answer of this process; one that was before it fails only those who have asked that one."""
        self._tasks = Tasks()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Raises unavailable when Xen's Python module cannot be loaded, or the hypervisor does not answer."""
        await self._call("domains", seconds=_START_SECONDS)

    async def close(self) -> None:
        await self._tasks.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def domains(self) -> list[DomainInfo]:
        """All domains, Domain-0 among them, by id. Raises unavailable, engine_failed."""
        return [_info(row) for row in await self._call("domains")]

    async def vcpus(self, domid: int | None = None) -> dict[int, list[VcpuInfo]]:
        """The virtual CPUs of all domains, or of one, by domain id. Raises unavailable, engine_failed."""
        told = await self._call("vcpus", *(() if domid is None else (domid,)))
        return {each: [VcpuInfo(*row) for row in rows] for each, rows in told}

    async def host(self) -> dict[str, Any]:
        """What xc_physinfo and xc_version tell: `total_memory` and `free_memory` in KiB, `xen_major` ..."""
        answer: dict[str, Any] = await self._call("host")
        return answer

    async def pause(self, domid: int) -> None:
        """Raises engine_failed when there is no such domain."""
        await self._call("pause", domid)

    async def unpause(self, domid: int) -> None:
        """Raises engine_failed when there is no such domain."""
        await self._call("unpause", domid)

    async def resume(self, domid: int) -> None:
        """Let a domain that is suspended go on; its drivers learn that they were not saved. Raises engine_failed when
        there is no such domain.
        """
        await self._call("resume", domid, 1)

    async def hvm_param(self, domid: int, number: int) -> int:
        """What an HVM guest or its tools have set (Xen public/hvm/params.h). Raises engine_failed."""
        return int(await self._call("hvm_param", domid, number))

    async def set_handle(self, domid: int, handle: bytes) -> None:
        """Give a domain another UUID. Raises engine_failed when there is no such domain."""
        await self._call("set_handle", domid, list(handle))

    async def _call(self, name: str, *arguments: int | list[int], seconds: float = _SECONDS) -> Any:
        async with self._starting:
            process = await self._running()
        number, waiting = next(self._numbers), self._waiting
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        waiting[number] = future
        try:
            cast(asyncio.StreamWriter, process.stdin).write(
                json.dumps({"id": number, "call": name, "arguments": arguments}).encode() + b"\n"
            )
            async with asyncio.timeout(seconds):
                answer = await future
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            raise unavailable(f"the hypervisor does not answer within {seconds:g} s") from None
        finally:
            waiting.pop(number, None)
        if "error" in answer:
            gone = answer["errno"] == errno.ESRCH
            raise engine_failed("there is no such domain any more" if gone else f"Xen refuses: {answer['error']}")
        return answer["result"]

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._words,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    limit=1 << 24,
                )
            except OSError as error:
                raise unavailable(f"{self._words[0]} cannot be run: {error.strerror}", _HINT) from error
            self._waiting = {}
            self._tasks.start(self._listen(self._process, self._waiting), name="hypervisor helper")
        return self._process

    async def _listen(self, process: asyncio.subprocess.Process, waiting: _Waiting) -> None:
        out, err = cast(asyncio.StreamReader, process.stdout), cast(asyncio.StreamReader, process.stderr)
        while line := await out.readline():
            answer = json.loads(line)
            future = waiting.get(answer["id"])
            if future is not None and not future.done():
                future.set_result(answer)
        said = (await err.read()).decode(errors="replace").strip().splitlines()
        await process.wait()
        why = said[-1] if said else f"it ended with {process.returncode}"
        log.warning("the helper that asks the hypervisor has ended: %s", why)
        for future in waiting.values():
            if not future.done():
                future.set_exception(unavailable(f"the hypervisor cannot be asked: {why}", _HINT))


_HINT = "Xen's Python module xen.lowlevel.xc is needed for the system's Python: apt-get install xen-utils python3"


def module_folders(major: str, minor: str) -> tuple[str, ...]:
    """Where Debian keeps the modules of one version of Xen."""
    return (f"/usr/lib/xen-{major}.{minor}/lib/python", "/usr/lib/python3/dist-packages")
