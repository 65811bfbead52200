"""A history of jobs in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from xenia.model.job import Job, JobLine


@dataclass
class KeptJobs:
    jobs: list[Job] = field(default_factory=list)
    lines: list[tuple[int, JobLine]] = field(default_factory=list)

    def put_job(self, job: Job) -> None:
        self.jobs.append(job)

    def put_line(self, number: int, line: JobLine) -> None:
        self.lines.append((number, line))
