import asyncio

import pytest

from xenia.manager.jobs import Jobs
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, not_found
from xenia.model.job import Job, JobState

CALLER = Caller(0, "root", Role.ADMINISTRATOR)


@pytest.fixture
async def jobs():
    kept = []
    made = Jobs(lambda: 5.0, kept.append)
    made.kept = kept
    yield made
    await made.close()


def work(result=None, error=None):
    async def run():
        if error is not None:
            raise error
        return result or {}

    return run


async def test_a_job_is_kept_as_it_starts_and_as_it_ends(jobs):
    job = jobs.start("create", "a", CALLER, work({"x": 1}))
    assert job.state is JobState.RUNNING
    ended = await jobs.wait(job.id, 5)
    assert (ended.state, ended.result, ended.ended_at) == (JobState.DONE, {"x": 1}, 5.0)
    assert [each.state for each in jobs.kept] == [JobState.RUNNING, JobState.DONE]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (not_found("no such thing"), "not_found", "no such thing"),
        (OSError(28, "No space left on device", "/run/x"), "unavailable", "/run/x: No space left"),
        (ZeroDivisionError(), "internal", "does not know"),
    ],
)
async def test_what_goes_wrong_becomes_the_jobs_error(jobs, error, kind, words):
    ended = await jobs.wait(jobs.start("create", "a", CALLER, work(error=error)).id, 5)
    assert ended.state is JobState.FAILED
    assert ended.error["kind"] == kind
    assert words in ended.error["detail"]


async def test_waiting_ends_when_the_time_is_over(jobs):
    job = jobs.start("create", "a", CALLER, asyncio.Event().wait)
    assert (await jobs.wait(job.id, 0.01)).state is JobState.RUNNING
    await jobs.close()
    assert jobs.get(job.id).state is JobState.CANCELLED


async def test_finished_jobs_are_forgotten_and_running_ones_are_not(jobs):
    running = jobs.start("create", "a", CALLER, asyncio.Event().wait)
    for _ in range(300):
        await jobs.wait(jobs.start("pause", "a", CALLER, work()).id, 5)
    assert len(jobs.all()) == 200
    assert jobs.get(running.id).state is JobState.RUNNING
    with pytest.raises(XeniaError, match="no job 2"):
        jobs.get(2)


async def test_what_an_earlier_xend_left_running_is_lost_and_numbers_go_on():
    kept = []
    earlier = [
        Job(7, "create", "a", "root", JobState.DONE, 1.0, 2.0),
        Job(8, "shutdown", "a", "root", JobState.RUNNING, 1.0),
    ]
    jobs = Jobs(lambda: 5.0, kept.append, earlier)
    assert [job.state for job in jobs.all()] == [JobState.DONE, JobState.LOST]
    assert kept[0].id == 8
    assert jobs.start("pause", "a", CALLER, work()).id == 9
    await jobs.close()
