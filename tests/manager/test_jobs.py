import asyncio
import logging

import pytest
from tests.support.kept_jobs import KeptJobs

from xenia.lib import steps
from xenia.lib.aio import Tasks
from xenia.manager.jobs import LINES, Jobs
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, not_found
from xenia.model.job import Job, JobLine, JobState

CALLER = Caller(0, "root", Role.ADMINISTRATOR)


@pytest.fixture
async def jobs():
    made = Jobs(lambda: 5.0, KeptJobs())
    yield made
    await made.close()


def work(result=None, error=None):
    async def run():
        if error is not None:
            raise error
        return result or {}

    return run


async def test_a_job_is_kept_as_it_starts_and_as_it_ends():
    kept = KeptJobs()
    jobs = Jobs(lambda: 5.0, kept)
    job = jobs.start("create", "a", CALLER, work({"x": 1}))
    assert job.state is JobState.RUNNING
    ended = await jobs.wait(job.id, 5)
    assert (ended.state, ended.result, ended.ended_at) == (JobState.DONE, {"x": 1}, 5.0)
    assert [each.state for each in kept.jobs] == [JobState.RUNNING, JobState.DONE]


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


async def test_who_cancels_what_has_ended_is_told_how(jobs):
    job = jobs.start("create", "a", CALLER, work())
    await jobs.wait(job.id, 5)
    assert (await jobs.cancel(job.id, CALLER)).state is JobState.DONE


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
    kept = KeptJobs()
    earlier = [
        Job(7, "create", "a", "root", JobState.DONE, 1.0, 2.0),
        Job(8, "shutdown", "a", "root", JobState.RUNNING, 1.0),
    ]
    said = JobLine(1, 1.0, "asked the guest")
    jobs = Jobs(lambda: 5.0, kept, earlier, {7: (), 8: (said,), 6: (said,)})
    assert [job.state for job in jobs.all()] == [JobState.DONE, JobState.LOST]
    assert kept.jobs[0].id == 8
    assert jobs.get(8).last_line == said
    assert jobs.lines(8) == (said,)
    assert jobs.lines(7) == ()
    assert jobs.start("pause", "a", CALLER, work()).id == 9
    await jobs.close()


async def test_the_steps_of_a_job_are_its_log(caplog):
    caplog.set_level(logging.DEBUG)
    kept = KeptJobs()
    jobs = Jobs(lambda: 5.0, kept)

    async def act():
        steps.step("opened /x\x1b[2J")
        await asyncio.gather(deeper())
        steps.warn(logging.getLogger("xenia.test"), "%s stays", "the file")
        return {}

    async def deeper():
        steps.step("y" * 9_000)

    job = jobs.start("create", "a", CALLER, act)
    ended = await jobs.wait(job.id, 5)
    lines = jobs.lines(job.id)
    assert [(line.number, line.text, line.warning) for line in lines] == [
        (1, "opened /x\\x1b[2J", False),
        (2, "y" * 500, False),
        (3, "the file stays", True),
    ]
    assert jobs.lines(job.id, after=2) == lines[2:]
    assert ended.last_line == lines[2]
    assert kept.lines == [(job.id, line) for line in lines]
    assert [record.getMessage() for record in caplog.records].count("the file stays") == 1
    assert f"job {job.id}: opened /x" in caplog.text


async def test_two_jobs_at_once_have_logs_of_their_own(jobs):
    second = asyncio.Event()

    async def one():
        await second.wait()
        steps.step("one")
        return {}

    async def other():
        steps.step("other")
        second.set()
        return {}

    numbers = [jobs.start("create", name, CALLER, act).id for name, act in (("a", one), ("b", other))]
    for number, text in zip(numbers, ("one", "other"), strict=True):
        await jobs.wait(number, 5)
        assert [line.text for line in jobs.lines(number)] == [text]


async def test_what_a_job_has_begun_says_nothing_in_its_log_once_it_has_ended(jobs):
    tasks, ended, said = Tasks(), asyncio.Event(), asyncio.Event()

    async def later():
        await ended.wait()
        steps.step("much later")
        said.set()

    async def act():
        tasks.start(later(), name="what outlives the job")
        return {}

    job = jobs.start("create", "a", CALLER, act)
    await jobs.wait(job.id, 5)
    ended.set()
    await asyncio.wait_for(said.wait(), 5)
    await tasks.close()
    assert jobs.lines(job.id) == ()
    steps.step("outside of any job")


async def test_a_log_is_bounded(jobs):
    async def act():
        for number in range(LINES + 50):
            steps.step(str(number))
        return {}

    job = jobs.start("create", "a", CALLER, act)
    await jobs.wait(job.id, 5)
    lines = jobs.lines(job.id)
    assert (len(lines), lines[0].number, lines[-1].text) == (LINES, 51, str(LINES + 49))
    for _ in range(300):
        await jobs.wait(jobs.start("pause", "a", CALLER, act).id, 5)
    with pytest.raises(XeniaError, match=f"no job {job.id}"):
        jobs.lines(job.id)
