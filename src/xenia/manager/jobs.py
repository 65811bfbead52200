"""Actions under way and lately ended."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from xenia.lib import steps
from xenia.lib.aio import Tasks
from xenia.lib.text import printable
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, conflict, denied, not_found, unavailable
from xenia.model.job import Job, JobLine, JobState

log = logging.getLogger(__name__)

_KEEP = 200
LINES = 200
"""The most lines of a job's log: of a longer one the last."""
_LONGEST_LINE = 500

Work = Callable[[], Awaitable[dict[str, Any]]]


class KeepsJobs(Protocol):
    """The history. What it cannot keep is lost without a word here."""

    def put_job(self, job: Job) -> None:
        """As it is now."""

    def put_line(self, number: int, line: JobLine) -> None:
        """One more line of the log of the job `number`."""


class Jobs:
    """`earlier` are the last jobs of earlier xends, and `lines` the logs of those by their ids.

    One of those that seems to run was cut off with its xend: it is lost.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        history: KeepsJobs,
        earlier: Sequence[Job] = (),
        lines: Mapping[int, Iterable[JobLine]] | None = None,
    ) -> None:
        self._clock = clock
        self._history = history
        self._last_id = max((job.id for job in earlier), default=0)
        self._jobs: OrderedDict[int, Job] = OrderedDict((job.id, job) for job in earlier)
        self._logs = {number: deque(log, LINES) for number, log in (lines or {}).items() if number in self._jobs}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._tasks = Tasks()
        self._followers: list[Callable[[], None]] = []
        for job in earlier:
            if job.state is JobState.RUNNING:
                told = self._logs.get(job.id)
                self._jobs[job.id] = replace(job, last_line=told[-1] if told else None)
                self._end(job.id, JobState.LOST)

    def start(self, operation: str, domain: str, caller: Caller, work: Work, *, cancellable: bool = False) -> Job:
        """Run `work` as a job. What it raises becomes the job's error; what it returns its result; the steps that are
        said meanwhile (`lib.steps`) its log. `cancellable` where `work` leaves nothing behind when it is cancelled.
        """
        self._last_id += 1
        started = self._clock()
        job = Job(self._last_id, operation, domain, caller.name, JobState.RUNNING, started, cancellable=cancellable)
        self._set(job)
        self._running[job.id] = self._tasks.start(self._run(job, work), name=f"job {job.id}: {operation} {domain}")
        return job

    async def _run(self, job: Job, work: Work) -> None:
        try:
            with steps.heard(lambda text, warning: self._hear(job.id, text, warning=warning)):
                result = await work()
                for note in result.get("notes", ()):
                    steps.step(note)
            self._end(job.id, JobState.DONE, result=result)
        except asyncio.CancelledError:
            self._end(job.id, JobState.CANCELLED)
            raise
        except XeniaError as error:
            self._end(job.id, JobState.FAILED, error=error.problem())
        except OSError as error:
            self._end(job.id, JobState.FAILED, error=from_system(error).problem())
        except Exception:
            log.exception("job %d (%s) failed", job.id, job.operation)
            defect = XeniaError(
                f"{job.operation} failed for a reason that Xenia does not know",
                kind=ErrorKind.INTERNAL,
                hint="the daemon's log says more: var/log/xenia/xend.log below its root",
            )
            self._end(job.id, JobState.FAILED, error=defect.problem())

    def follow(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever a job has changed. It must not fail."""
        self._followers.append(changed)

    def _tell(self) -> None:
        for changed in self._followers:
            changed()

    def progress(self, number: int, done: float) -> None:
        """How much of a job that runs is done, from 0 to 1. It is told, and not kept."""
        if number in self._running:
            self._jobs[number] = replace(self._jobs[number], progress=done)
            self._tell()

    def _hear(self, number: int, text: str, *, warning: bool) -> None:
        """What is begun by a job may outlive it, and is then no part of its log."""
        if number not in self._running:
            return
        job = self._jobs[number]
        text = printable(text[:_LONGEST_LINE])
        line = JobLine(job.last_line.number + 1 if job.last_line else 1, self._clock(), text, warning)
        log.debug("job %d: %s", number, text)
        self._logs.setdefault(number, deque(maxlen=LINES)).append(line)
        self._jobs[number] = replace(job, last_line=line)
        self._history.put_line(number, line)
        self._tell()

    def lines(self, number: int, after: int = 0) -> tuple[JobLine, ...]:
        """The lines of a job's log with a number over `after`, oldest first. Raises not_found."""
        self.get(number)
        return tuple(line for line in self._logs.get(number, ()) if line.number > after)

    def commit(self, number: int) -> None:
        """From here on a job cannot be cancelled."""
        self._jobs[number] = replace(self._jobs[number], cancellable=False)
        self._tell()

    async def cancel(self, number: int, caller: Caller) -> Job:
        """End a job early; the job as it has ended, which may be otherwise, when it was over already.

        Raises not_found, denied for a job of others, and a conflict for one that has to run to its end.
        """
        job = self.get(number)
        if caller.role < Role.ADMINISTRATOR and caller.name != job.caller:
            raise denied(f"job {number} was started by {job.caller}")
        task = self._running.get(number)
        if task is not None:
            if not job.cancellable:
                raise conflict(f"{job.operation} cannot be cancelled: it has to run to its end")
            task.cancel()
            await asyncio.wait({task})
        return self._jobs.get(number, job)

    def _end(
        self, number: int, state: JobState, *, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None
    ) -> None:
        self._running.pop(number, None)
        ended = replace(self._jobs[number], state=state, ended_at=self._clock(), progress=None)
        self._set(replace(ended, result=result, error=error))

    def _set(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._history.put_job(job)
        self._tell()
        if len(self._jobs) > _KEEP:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = next((number for number in self._jobs if number not in self._running), None)
        if oldest is not None:
            del self._jobs[oldest]
            self._logs.pop(oldest, None)

    def all(self) -> tuple[Job, ...]:
        """Those that run and the latest that have ended, oldest first."""
        return tuple(self._jobs.values())

    def get(self, number: int) -> Job:
        """Raises not_found."""
        try:
            return self._jobs[number]
        except KeyError:
            raise not_found(f"there is no job {number}", "finished jobs are forgotten after some time") from None

    async def wait(self, number: int, seconds: float) -> Job:
        """The job when it has ended or `seconds` are over, whichever is first. Raises not_found."""
        job = self.get(number)
        task = self._running.get(number)
        if task is not None and seconds > 0:
            await asyncio.wait({task}, timeout=seconds)
        return self._jobs.get(number, job)

    async def close(self) -> None:
        await self._tasks.close()


def from_system(error: OSError) -> XeniaError:
    """What the operating system has refused, in our words."""
    where = f" {error.filename}" if error.filename else ""
    hint = "free some space and try again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    return unavailable(f"cannot use{where or ' a file'}: {error.strerror or error}", hint)
