"""Core dumps, by an administrator and by on_crash."""

import asyncio
import errno
from pathlib import Path

import pytest
from tests.support.world import ROOT, request

from xenia.model.caller import Caller, Role
from xenia.model.domain import State
from xenia.model.dump import After, DumpRequest
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.job import JobState


async def run(manager, **words):
    job = await manager.wait(manager.create(request("a", **words), ROOT).id, 10)
    assert job.state is JobState.DONE, job
    return manager.inventory.find("a")


async def dump(manager, **words):
    return await manager.wait(manager.dump_core("a", DumpRequest(**words), ROOT).id, 10)


async def until(listener, kind):
    async with asyncio.timeout(10):
        async for event in listener:
            if event.kind is kind:
                return event


async def test_a_core_is_called_by_domain_time_and_id(world, manager):
    domain = await run(manager)
    with manager.listen() as listener:
        job = await dump(manager)
        event = await until(listener, EventKind.CORE_DUMPED)
    (path,) = world.cores
    assert path.parent == Path("/dump")
    assert path.match(f"a-1970-0101-*.{domain.domid}.core")
    assert job.result == {"domain": "a", "file": str(path), "notes": []}
    assert event.detail == str(path)
    assert manager.inventory.find("a").state is State.RUNNING


async def test_afterwards_it_is_destroyed_or_started_over(world, manager):
    domain = await run(manager)
    assert (await dump(manager, file="/one", then=After.RESET)).state is JobState.DONE
    assert world.host.guests[domain.uuid].boots == 2
    assert (await dump(manager, file="/two", then=After.DESTROY)).state is JobState.DONE
    assert not world.host.guests
    assert world.cores == {Path("/one"), Path("/two")}


async def test_one_that_is_preserved_can_be_dumped_and_started_over(world, manager):
    domain = await run(manager, on_crash="preserve")
    with manager.listen() as listener:
        world.host.crash(domain.uuid)
        await until(listener, EventKind.CRASHED)
    assert (await dump(manager, then=After.RESET)).state is JobState.DONE
    assert manager.inventory.find("a").state is State.RUNNING
    world.host.crash(domain.uuid)


async def test_where_it_cannot_run_on_meanwhile_that_is_said(world, manager):
    await run(manager)
    (note,) = (await dump(manager, live=True)).result["notes"]
    assert note.startswith("the guest stood still meanwhile: the engine simulated")


async def test_a_file_that_is_there_is_left_alone(manager):
    await run(manager)
    assert (await dump(manager, file="/one")).state is JobState.DONE
    job = await dump(manager, file="/one", then=After.DESTROY)
    assert (job.state, job.error["kind"]) == (JobState.FAILED, "conflict")
    assert manager.inventory.find("a").state is State.RUNNING


async def test_only_administrators_may_and_only_of_a_domain_that_exists(manager):
    await run(manager)
    with pytest.raises(XeniaError) as raised:
        manager.dump_core("a", DumpRequest(), Caller(1, "o", Role.OPERATOR))
    assert raised.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError, match="no domain 'b'"):
        manager.dump_core("b", DumpRequest(), ROOT)
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.dump_core("0", DumpRequest(), ROOT)


@pytest.mark.parametrize(("action", "kind"), [("restart", EventKind.REBOOTED), ("destroy", EventKind.CRASHED)])
async def test_on_crash_dumps_the_core_first(world, manager, action, kind):
    domain = await run(manager, on_crash=f"coredump-{action}")
    world.now += 100
    with manager.listen() as listener:
        world.host.crash(domain.uuid)
        event = await until(listener, kind)
    (path,) = world.cores
    assert event.detail == f"the guest's kernel panicked; its core is in {path}"
    assert bool(world.host.guests) == (action == "restart")


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), XeniaError("", kind="invalid")])
async def test_a_core_that_cannot_be_dumped_keeps_nothing_from_going_on(world, manager, monkeypatch, failure):
    domain = await run(manager, on_crash="coredump-restart")
    world.now += 100

    async def fail(*_, **__):
        raise failure

    monkeypatch.setattr("xenia.engines.simulated.engine.SimulatedEngine.dump_core", fail)
    with manager.listen() as listener:
        world.host.crash(domain.uuid)
        event = await until(listener, EventKind.REBOOTED)
    assert "; its core could not be dumped: " in event.detail
    assert not world.cores
    assert world.host.guests


async def test_of_a_guest_whose_process_died_there_is_no_core(world, manager):
    domain = await run(manager, on_crash="coredump-restart")
    world.now += 100
    with manager.listen() as listener:
        world.host.kill(domain.uuid)
        await until(listener, EventKind.REBOOTED)
    assert not world.cores
