"""Domains that others have started: seen, managed, adopted, and otherwise left to those who started them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.support.world import ROOT, World, request

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.domain import Definition, DomainConfig, EndAction, Phase, Policy, Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState

UUID = "00000000-0000-4000-8000-00000000beef"


@pytest.fixture
def world() -> World:
    world = World()
    world.host.like_xen = True
    return world


@pytest.fixture
async def manager(world: World) -> AsyncIterator[Manager]:
    manager = world.boot()
    await manager.start()
    yield manager
    await manager.close()


def old_guest(**policy: EndAction) -> Started:
    config = DomainConfig("old", policy=Policy(**policy))
    return Started(UUID, 0, config, Definition(), (), "simulated", 1.0, phase=Phase.RUNNING, foreign=True)


async def turn() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def done(manager: Manager, verb: str) -> dict[str, object]:
    job = await ended(manager, manager.operate(verb, "old", ROOT))
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return job.result


async def test_one_that_appears_is_listed_and_can_be_managed(world: World, manager: Manager) -> None:
    world.host.start_foreign(old_guest())
    await turn()
    (_, old) = await manager.inventory.list()
    assert (old.name, old.domid, old.state, old.file) == ("old", 1, State.RUNNING, "")
    await done(manager, "pause")
    assert manager.inventory.find("old").state is State.PAUSED
    await done(manager, "unpause")
    await done(manager, "destroy")
    assert not world.host.guests
    assert world.runs() == set(), "nothing was written down of it"


async def test_those_that_run_already_are_found_by_a_new_xend(world: World) -> None:
    world.host.start_foreign(old_guest())
    manager = world.boot()
    await manager.start()
    await turn()
    assert [domain.name for domain in await manager.inventory.list()] == ["Domain-0", "old"]
    await manager.close()


async def test_their_end_is_left_to_others(world: World, manager: Manager) -> None:
    world.now = 5000
    world.host.start_foreign(old_guest(on_poweroff=EndAction.RESTART))
    await turn()
    world.host.power_off(UUID)
    await turn()
    assert manager.inventory.find("old").state is State.SHUTDOWN
    assert world.host.guests[UUID].boots == 1
    world.host.kill(UUID)
    await turn()
    assert [domain.name for domain in await manager.inventory.list()] == ["Domain-0"]


async def test_a_name_that_is_taken_is_not_shown_twice(world: World, manager: Manager) -> None:
    job = await ended(manager, manager.create(request("old"), ROOT))
    assert job.state is JobState.DONE
    world.host.start_foreign(replace(old_guest(), uuid=UUID))
    await turn()
    assert [domain.name for domain in await manager.inventory.list()] == ["Domain-0", "old"]


async def test_adopting_writes_a_guest_file_and_keeps_its_policies(world: World, manager: Manager) -> None:
    world.host.start_foreign(old_guest(on_crash=EndAction.RESTART))
    await turn()
    world.files["etc/xen/old.cfg"] = b"name=old on_crash=restart"
    assert await done(manager, "adopt") == {"domain": "old", "file": "/etc/xen/old.cfg", "differs": []}
    assert world.runs() == {UUID}
    world.now = 5000
    world.host.crash(UUID)
    await turn()
    (_, old) = await manager.inventory.list()
    assert (old.state, old.domid) == (State.RUNNING, 2), "started over by xend"
    job = await ended(manager, manager.operate("adopt", "old", ROOT))
    assert job.error is not None
    assert job.error["kind"] == "conflict"


async def test_adopting_tells_where_the_file_differs(world: World, manager: Manager) -> None:
    world.host.start_foreign(old_guest())
    await turn()
    world.files["etc/xen/old.cfg"] = b"name=old disk=/other"
    assert (await done(manager, "adopt"))["differs"] == ["disks"]


@pytest.mark.parametrize("content", [b"name=another", b"nonsense=1 name=x"])
async def test_a_file_of_another_domain_is_in_the_way(world: World, manager: Manager, content: bytes) -> None:
    world.host.start_foreign(old_guest())
    await turn()
    world.files["etc/xen/old.cfg"] = content
    job = await ended(manager, manager.operate("adopt", "old", ROOT))
    assert job.error is not None
    assert (job.error["kind"], world.files["etc/xen/old.cfg"]) == ("conflict", content)
    assert world.runs() == set()


async def test_only_an_administrator_adopts_and_only_where_there_is_something(world: World, manager: Manager) -> None:
    world.host.start_foreign(old_guest())
    await turn()
    with pytest.raises(XeniaError) as raised:
        manager.operate("adopt", "old", Caller(1000, "user", Role.OPERATOR))
    assert raised.value.kind is ErrorKind.DENIED
    world.host.like_xen = False
    elsewhere = world.boot()
    await elsewhere.start()
    job = await ended(elsewhere, elsewhere.create(request("mine"), ROOT))
    assert job.state is JobState.DONE
    with pytest.raises(XeniaError, match="cannot do it"):
        elsewhere.operate("adopt", "mine", ROOT)
    await elsewhere.close()


async def test_killed_after_it_was_written_down_it_stays_adopted(world: World, manager: Manager) -> None:
    world.host.start_foreign(old_guest())
    await turn()
    world.files["etc/xen/old.cfg"] = b"name=old"
    await done(manager, "adopt")
    again = world.boot()
    await again.start()
    await turn()
    assert [(domain.name, domain.file) for domain in await again.inventory.list()][1:] == [("old", "/etc/xen/old.cfg")]
    await again.close()
