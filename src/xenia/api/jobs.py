"""Jobs: actions under way and lately ended, and waiting for one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, JobList, JobLog, json_response
from xenia.api.doors import Doors, DoorsOf
from xenia.api.errors import problem_json
from xenia.api.peer import CallerOf
from xenia.api.race import race
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.sight import job_seen, jobs_seen
from xenia.lib.codec import to_plain
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, unavailable
from xenia.model.job import Job, JobState

router = Routes("jobs")

Number = Annotated[int, Path(ge=0, lt=2**63, description="the id of a job")]
After = Annotated[int, Query(ge=0, lt=2**31, description="lines with a number over this one")]
Wait = Annotated[float, Query(ge=0, le=3600, description="seconds to wait for the job to end")]
MaybeWait = Annotated[
    float | None,
    Query(ge=0, le=3600, description="seconds to wait for its end; the answer is then that of the waiting"),
]


@router.get("/jobs", summary="Jobs that run and the latest that have ended", responses=answers(JobList))
async def jobs(doors: DoorsOf, caller: CallerOf) -> Response:
    told = await jobs_seen(doors, caller)
    return json_response({"jobs": [_plain(job, caller) for job in told]})


@router.get("/jobs/{number}", summary="One job, at once or when it has ended", responses=answers(JobAnswer, 200, 202))
async def one_job(
    request: Request, doors: DoorsOf, caller: CallerOf, number: Number, wait: MaybeWait = None
) -> Response:
    job = await job_seen(doors, number, caller)
    if wait is None:
        return json_response({"job": _plain(job, caller)})
    return await settle(request, doors, job, caller, wait)


@router.get("/jobs/{number}/log", summary="What a job has said, line by line", responses=answers(JobLog))
async def job_log(doors: DoorsOf, caller: CallerOf, number: Number, after: After = 0) -> Response:
    """Of a log of over 200 lines the last; a line that is missing between two numbers was among the dropped."""
    await job_seen(doors, number, caller)
    return json_response(to_plain(JobLog(doors.manager.job_log(number, after))))


@router.post("/jobs/{number}/cancel", summary="End a job early, with nothing left of it", responses=answers(JobAnswer))
async def cancel(doors: DoorsOf, caller: CallerOf, number: Number) -> Response:
    await job_seen(doors, number, caller)
    return json_response({"job": _plain(await doors.manager.cancel(number, caller), caller)})


async def settle(request: Request, doors: Doors, job: Job, caller: Caller, seconds: float) -> Response:
    """The answer to who asked for `job` and waits for it: 200 when it has ended well, 202 while it runs, and the
    problem it failed with.
    """
    if seconds > 0 and job.state is JobState.RUNNING:
        await race(doors.manager.wait(job.id, seconds), doors.stopping.wait(), disconnected(request))
    job = doors.manager.job(job.id)
    location = {"location": f"/v1/jobs/{job.id}"}
    plain = _plain(job, caller)
    if job.state is JobState.DONE:
        return json_response({"job": plain}, headers=location)
    if job.state is JobState.RUNNING and not doors.stopping.is_set():
        return json_response({"job": plain}, 202, headers=location)
    problem = plain["error"] or _unfinished(job).problem()
    return problem_json(problem | {"job": plain}, headers=location)


async def disconnected(request: Request) -> None:
    """Returns when the client has gone away; to be used once the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _unfinished(job: Job) -> XeniaError:
    """What is said of a job that did not come to its own end."""
    if job.state is JobState.CANCELLED and job.cancellable:
        return unavailable(f"{job.operation} of '{job.domain}' was cancelled", "nothing of it is left")
    return unavailable(
        f"xend is stopping or was stopped before {job.operation} of '{job.domain}' had ended",
        "xm list --all shows what became of it, once xend runs again",
    )


def _plain(job: Job, caller: Caller) -> dict[str, Any]:
    """`job` for `caller`: only who asked for it, and administrators, see lines of the guest file it is about."""
    return plain_job(job, full=caller.administers_host or caller.name == job.caller)


def plain_job(job: Job, *, full: bool) -> dict[str, Any]:
    """`job` as a member of JSON; without lines of guest files where it is not `full`."""
    plain: dict[str, Any] = to_plain(job)
    if not full:
        for part in ("result", "error"):
            if plain[part] is not None and "complaints" in plain[part]:
                plain[part]["complaints"] = [{**each, "text": ""} for each in plain[part]["complaints"]]
    return plain
