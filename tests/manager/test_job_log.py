"""What jobs say of what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.support.waiting import until
from tests.support.world import ROOT, World, request

from xenia.manager.manager import Manager
from xenia.model.job import Job, JobState
from xenia.model.save import RestoreRequest, SaveRequest

FILE = "/srv/a.save"


async def log_of(manager: Manager, job: Job) -> Sequence[str]:
    ended = await manager.wait(job.id, 10)
    assert ended.state is JobState.DONE, ended
    lines = manager.job_log(job.id)
    assert ended.last_line == lines[-1]
    return [line.text for line in lines]


async def test_a_start_tells_what_the_guest_has(manager: Manager) -> None:
    said = await log_of(manager, manager.create(request("a", vif="['']"), ROOT))
    assert said[-1] == "domain a (id 1): started"


async def test_a_save_and_a_restore(manager: Manager) -> None:
    await manager.wait(manager.create(request("a"), ROOT).id, 10)
    said = await log_of(manager, manager.saving.save("a", SaveRequest(FILE), ROOT))
    assert said[0] == f"writes its memory to {FILE}"
    assert said[-1] == f"domain a (id 1): ended (saved to {FILE})"
    said = await log_of(manager, manager.saving.restore(RestoreRequest(FILE), ROOT))
    assert said[0].startswith("domain a, saved on ")
    assert said[-1] == "domain a (id 2): restored"


async def test_a_shutdown_tells_what_it_waits_for(manager: Manager) -> None:
    await manager.wait(manager.create(request("a"), ROOT).id, 10)
    said = await log_of(manager, manager.operate("shutdown", "a", ROOT, until_gone=True))
    assert said[-2:] == ["waits for the guest to end", "it has ended"]


async def test_who_has_to_wait_for_its_turn_says_so(world: World, manager: Manager) -> None:
    reached, goes_on = asyncio.Event(), asyncio.Event()

    async def hang(name: str) -> None:
        if name == "saved state":
            reached.set()
            await goes_on.wait()

    await manager.wait(manager.create(request("a"), ROOT).id, 10)
    world.host.step = hang
    first = manager.saving.save("a", SaveRequest(FILE), ROOT)
    await reached.wait()
    second = manager.operate("destroy", "a", ROOT)
    await until(lambda: bool(manager.job_log(second.id)))
    (line,) = manager.job_log(second.id)
    assert line.text == "waits until what is done to 'a' now has ended"
    assert manager.job(second.id).last_line == line
    goes_on.set()
    await manager.wait(first.id, 10)
    world.host.step = world.step
