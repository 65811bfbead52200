"""The domains of the host as a whole: started with it, once per boot, and when it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from xenia.manager.autostart import Autostart
from xenia.manager.host_start import HOST, HostStart
from xenia.manager.host_stop import HostStop, StopSettings
from xenia.manager.jobs import Jobs
from xenia.model.autostart import Member
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, conflict, denied
from xenia.model.host_run import HostRun, RowState, RunKind
from xenia.model.job import Job
from xenia.store.host_runs import HostRuns

log = logging.getLogger(__name__)


@dataclass(slots=True)
class HostPower:
    """`refuse` raises what speaks against starting domains on this host. Without `with_host` none starts by itself."""

    autostart: Autostart
    host_start: HostStart
    host_stop: HostStop
    runs: HostRuns
    jobs: Jobs
    refuse: Callable[[], None]
    with_host: bool = True
    _under_way: RunKind | None = field(default=None, init=False)

    async def come_up(self) -> None:
        """Called once it is known what runs. The first xend since the host has booted starts what starts with the host;
        a later one goes on with what an earlier one was killed in.
        """
        await self.runs.load()
        last = self.runs.last
        if last is not None and last.boot == self.runs.boot:
            if last.ended_at is None:
                log.warning("an earlier xend has ended within its %s: it goes on", last.kind)
                part = self.host_start if last.kind is RunKind.START else self.host_stop
                self._start_job(last.kind, HOST, part.go_on)
            return
        run = await self.host_start.plan()
        if not run.rows:
            await self.runs.put(replace(run, ended_at=run.began_at), durable=True)
            return
        try:
            self._refuse_with_host()
        except XeniaError as error:
            await self.runs.put(_refused(run, error), durable=True)
            log.error("host-start: nothing is started: %s; %s", error.message, error.hint)
            return
        await self.runs.put(run, durable=True)
        self._start_job(RunKind.START, HOST, self.host_start.go_on)

    def configure(self, stop: StopSettings, *, bring_back: bool, with_host: bool) -> None:
        """These settings hold for what begins from now on."""
        self.host_stop.settings, self.host_start.bring_back, self.with_host = stop, bring_back, with_host

    def start(self, caller: Caller) -> Job:
        """host-start, as a job; `runs` tells how far it is. Raises denied, a conflict while one is under way, and
        what `refuse` raises.
        """
        self._permit(RunKind.START, caller)
        self.refuse()

        async def work() -> None:
            await self.runs.put(await self.host_start.plan(), durable=True)
            await self.host_start.go_on()

        return self._start_job(RunKind.START, caller, work)

    def stop(self, timeout: float | None, caller: Caller) -> Job:
        """host-stop, as a job: all domains end within `timeout` seconds (None: those of
        the settings); 0 destroys them at once. A host-start that is under way ends. Raises as `start`.
        """
        self._permit(RunKind.STOP, caller)

        async def work() -> None:
            await self.runs.put(await self.host_stop.plan(timeout), durable=True)
            await self.host_stop.go_on()

        return self._start_job(RunKind.STOP, caller, work)

    def _permit(self, kind: RunKind, caller: Caller) -> None:
        if caller.role < Role.ADMINISTRATOR:
            raise denied(f"{kind} needs the role administrator", "do it as root")
        if self._under_way is RunKind.STOP or self._under_way is kind:
            raise conflict(f"a {self._under_way} is under way", "xm autostart shows how far it is")

    def _start_job(self, kind: RunKind, caller: Caller, work: Callable[[], Awaitable[None]]) -> Job:
        async def told() -> dict[str, Any]:
            try:
                await work()
            finally:
                if self._under_way is kind:
                    self._under_way = None
            return {}

        self._under_way = kind
        return self.jobs.start(kind.value, "the host", caller, told)

    async def members(self, caller: Caller) -> tuple[Member, ...]:
        """What starts with the host, in order. Raises denied."""
        if caller.role < Role.ADMINISTRATOR:
            raise denied("what starts with the host is shown to administrators only", "do it as root")
        return await self.autostart.members()

    def obstacle(self) -> str:
        """What speaks against domains starting with this host, "" where nothing does."""
        try:
            self._refuse_with_host()
        except XeniaError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    def _refuse_with_host(self) -> None:
        self.refuse()
        if not self.with_host:
            raise conflict("the setting autostart.domains says that none starts by itself", "xm host-start starts them")


def _refused(run: HostRun, error: XeniaError) -> HostRun:
    rows = tuple(replace(row, state=RowState.FAILED, detail=error.message) for row in run.rows)
    return replace(run, rows=rows, notes=(error.message,), ended_at=run.began_at)
