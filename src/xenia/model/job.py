"""A long action that can be watched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """xend died while it ran; reconcile has brought the domain to one side or the other."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A line of a job's log: `text` was said at `at`, in seconds since the epoch. Lines are numbered from 1."""

    number: int
    at: float
    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """`operation` is a name of the operations table; `error` a problem object as errors.XeniaError.problem() makes
    it.
    """

    id: int
    operation: str
    domain: str
    caller: str
    state: JobState
    started_at: float
    ended_at: float | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    progress: float | None = None
    """How much of it is done, from 0 to 1, where that is known."""
    cancellable: bool = False
    """Whether it may be ended early, with nothing left of it."""
    last_line: JobLine | None = None
    """The last of its log, of which at most the last 200 are kept."""
