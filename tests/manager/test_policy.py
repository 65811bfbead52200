"""What becomes of a domain that ends by itself: its policy, the brake on it, and what is said of that."""

import asyncio

import pytest
from tests.support.world import ROOT, request

from xenia.engines.base import EngineEvent
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.manager.brake import Brake
from xenia.model.domain import EndReason, State
from xenia.model.dump import After, DumpRequest
from xenia.model.errors import engine_failed, unavailable
from xenia.model.event import EventKind
from xenia.model.job import JobState


async def run(manager, **words):
    job = await manager.wait(manager.create(request("a", **words), ROOT).id, 10)
    assert job.state is JobState.DONE, job
    return manager.inventory.find("a").uuid


async def quiet(manager):
    """Until all that was to follow has followed."""
    for _ in range(300):
        await asyncio.sleep(0)


async def until(listener, *kinds):
    async with asyncio.timeout(10):
        async for event in listener:
            if event.kind in kinds:
                return event


@pytest.fixture
def clock_stands(world, monkeypatch):
    """A wait for a restart does not end by itself."""
    waiting = asyncio.Event()

    async def sleep(seconds):
        waiting.seconds = seconds
        waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world, "sleep", sleep)
    return waiting


@pytest.mark.parametrize(
    ("lately", "wait"), [(0, 0.0), (1, 2.0), (2, 4.0), (5, 32.0), (6, 60.0), (9, 60.0)]
)  # fmt: skip
def test_each_restart_waits_twice_as_long_as_the_one_before(lately, wait):
    assert Brake(delay=2).wait((1.0,) * lately) == wait


def test_only_what_was_lately_counts():
    brake = Brake(limit=2, window=100)
    assert brake.lately((10.0, 50.0, 100.0), 149.0) == (50.0, 100.0)
    assert brake.lately((10.0, 50.0, 100.0), 150.0) == (100.0,)
    assert brake.lately((500.0,), 149.0) == (), "a clock that was put back"
    assert brake.refuses((50.0, 100.0))
    assert not brake.refuses((100.0,))


async def test_a_crash_loop_is_slowed_down_and_then_given_up(world, manager):
    uuid = await run(manager, on_crash="restart")
    begun, starts = world.now, []
    with manager.listen() as listener:
        world.host.crash(uuid)
        while (event := await until(listener, EventKind.REBOOTED, EventKind.CRASHED)) is not None:
            if event.kind is EventKind.REBOOTED:
                starts.append(world.now - begun)
                world.host.crash(uuid)
            elif "not started again" in event.detail:
                break
    assert starts == [0, 2, 6, 14, 30, 62, 122, 182, 242, 302]
    assert not world.host.guests
    assert event.detail == (
        "the guest's kernel panicked; not started again: it was started over 10 times within 600 s "
        "(restart_limit in xend.toml)"
    )


async def test_while_it_waits_that_is_shown_and_it_can_be_ended(world, manager, clock_stands):
    manager = world.boot()
    await manager.start()
    uuid = await run(manager, on_crash="restart")
    for _ in range(2):
        world.host.crash(uuid)
        await quiet(manager)
    assert clock_stands.seconds == 2
    domain = manager.inventory.find("a")
    assert domain.state is State.CRASHED
    assert domain.ending == "it has crashed: the guest's kernel panicked; it is started again in 2 s"
    assert (await manager.wait(manager.operate("destroy", "a", ROOT).id, 10)).state is JobState.DONE
    assert not world.host.guests
    await manager.close()


async def test_a_new_xend_goes_on_waiting_and_goes_on_counting(world, manager, clock_stands):
    first = world.boot()
    await first.start()
    uuid = await run(first, on_crash="restart")
    for _ in range(2):
        world.host.crash(uuid)
        await quiet(first)
    await first.close()
    world.now += 1
    clock_stands.clear()
    second = world.boot()
    await second.start()
    await clock_stands.wait()
    assert clock_stands.seconds == 1
    started = second.inventory.started("a")
    assert len(started.restarts) == 1
    assert second.inventory.find("a").state is State.CRASHED
    await second.close()


async def test_one_whose_process_died_waits_as_well(world, manager, clock_stands):
    manager = world.boot()
    await manager.start()
    uuid = await run(manager, on_crash="restart")
    world.host.crash(uuid)
    await quiet(manager)
    world.host.kill(uuid)
    await quiet(manager)
    assert manager.inventory.find("a").ending == "it has crashed: killed by signal 9; it is started again in 2 s"
    await manager.close()
    manager = world.boot()
    await manager.start()
    assert manager.inventory.find("a").state is State.CRASHED
    await manager.close()


async def test_reboots_from_inside_are_counted_but_never_wait(world, manager):
    uuid = await run(manager)
    for _ in range(10):
        world.host.reboot(uuid)
        await quiet(manager)
    assert world.host.guests[uuid].boots == 11
    with manager.listen() as listener:
        world.host.reboot(uuid)
        event = await until(listener, EventKind.ENDED)
    assert event.detail.startswith("it reboots again and again; not started again: it was started over 10 times")
    assert not world.host.guests


async def test_reboots_over_a_day_are_nobodys_business(world, manager):
    uuid = await run(manager)
    for _ in range(30):
        world.host.reboot(uuid)
        await quiet(manager)
        world.now += 61
    assert world.host.guests[uuid].boots == 31


async def test_an_administrator_who_reboots_it_lets_the_brake_go(world, manager):
    uuid = await run(manager)
    for _ in range(9):
        world.host.reboot(uuid)
        await quiet(manager)
    job = await manager.wait(manager.operate("reboot", "a", ROOT, until_gone=True).id, 10)
    assert job.state is JobState.DONE
    assert manager.inventory.started("a").restarts == ()


async def test_why_it_does_not_run_is_remembered_until_it_runs_again(world, manager, tmp_path):
    world.folder = tmp_path
    (tmp_path / "a.cfg").write_text("name=a on_crash=destroy")
    manager = world.boot()
    await manager.start()
    uuid = await run(manager, on_crash="destroy")
    world.host.crash(uuid)
    await quiet(manager)
    domain = await manager.inventory.look_up("a")
    assert domain.state is State.DEFINED
    assert domain.ending.startswith("it ended at 1970-01-01 ")
    assert domain.ending.endswith(": the guest's kernel panicked")
    await manager.close()
    manager = world.boot()
    await manager.start()
    assert (await manager.inventory.look_up("a")).ending == domain.ending
    await run(manager)
    assert (await manager.inventory.look_up("a")).ending == ""
    await manager.wait(manager.operate("destroy", "a", ROOT).id, 10)
    assert (await manager.inventory.look_up("a")).ending == ""
    await manager.close()


async def test_what_is_preserved_says_why_and_ends_when_it_is_gone(world, manager):
    uuid = await run(manager, on_poweroff="preserve", on_crash="restart")
    world.host.power_off(uuid)
    await quiet(manager)
    assert manager.inventory.find("a").ending == "it has ended; it is preserved until xm destroy"
    with manager.listen() as listener:
        world.host.kill(uuid)
        event = await until(listener, EventKind.ENDED)
    assert event.detail == "what was preserved of it is gone: killed by signal 9"
    assert not world.host.guests


async def test_what_was_preserved_and_is_gone_is_no_crash_for_the_next_xend(world, manager):
    uuid = await run(manager, on_poweroff="preserve", on_crash="restart")
    world.host.power_off(uuid)
    await quiet(manager)
    await manager.close()
    world.host.kill(uuid)
    manager = world.boot()
    await manager.start()
    assert [domain.name for domain in await manager.inventory.list()] == ["Domain-0"]
    assert not world.runs()
    await manager.close()


async def test_a_guest_whose_crash_kernel_is_at_work_runs_on_and_that_is_told(world, manager):
    uuid = await run(manager)
    with manager.listen() as listener:
        world.host.tell(EngineEvent(uuid, State.RUNNING, EndReason.CRASH, "its crash kernel"))
        event = await until(listener, EventKind.CRASHED)
    assert event.detail == "its crash kernel"
    assert manager.inventory.find("a").state is State.RUNNING


async def test_a_guest_starts_over_as_it_was_started_not_as_its_file_is_now(world, manager, tmp_path):
    uuid = await run(manager, disk="/old", on_poweroff="restart")
    (tmp_path / "a.cfg").write_text("name=a disk=/new")
    world.host.power_off(uuid)
    await quiet(manager)
    assert world.host.guests[uuid].writes == {"/old"}


async def test_rename_restart_keeps_the_dead_one_and_starts_its_domain_over(world, manager):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    world.host.crash(uuid)
    await quiet(manager)
    _, kept, domain = await manager.inventory.list()
    assert (domain.name, domain.uuid, domain.domid, domain.state) == ("a", uuid, 2, State.RUNNING)
    assert (kept.name, kept.domid, kept.state) == ("a-19700101T0016Z", 1, State.CRASHED)
    assert kept.uuid not in ("", uuid)
    assert kept.ending == "it has crashed: the guest's kernel panicked; it is preserved until xm destroy"
    assert world.host.guests[uuid].writes == {"/disk"}
    assert world.host.guests[kept.uuid].writes == set()
    assert (await manager.wait(manager.operate("destroy", kept.name, ROOT).id, 10)).state is JobState.DONE
    assert set(world.host.guests) == {uuid}


async def test_the_last_dead_one_is_kept_also_by_the_next_xend(world, manager):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    for _ in range(3):
        world.now += 1000
        world.host.crash(uuid)
        await quiet(manager)
    assert len(world.host.guests) == 2
    await manager.close()
    manager = world.boot()
    await manager.start()
    _, kept, domain = await manager.inventory.list()
    assert (kept.state, domain.state) == (State.CRASHED, State.RUNNING)
    await manager.close()


async def test_a_dead_one_that_is_kept_may_be_dumped_but_not_started_over(world, manager):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    world.host.crash(uuid)
    await quiet(manager)
    job = await manager.wait(manager.dump_core("a-1970", DumpRequest("/core", then=After.RESET), ROOT).id, 10)
    assert (job.state, job.error["kind"]) == (JobState.FAILED, "conflict")
    job = await manager.wait(manager.dump_core("a-1970", DumpRequest("/core"), ROOT).id, 10)
    assert job.state is JobState.DONE


async def test_what_cannot_be_kept_is_started_over_all_the_same(world, manager, monkeypatch):
    async def refuse(*_):
        raise engine_failed("its images stay locked")

    monkeypatch.setattr("xenia.engines.simulated.engine.SimulatedEngine.set_aside", refuse)
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    with manager.listen() as listener:
        world.host.crash(uuid)
        event = await until(listener, EventKind.REBOOTED)
    assert event.detail.endswith("; it could not be kept: its images stay locked")
    assert set(world.host.guests) == world.runs() == {uuid}


async def test_where_there_is_no_room_for_both_the_dead_one_goes(world, manager, monkeypatch):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    start = SimulatedEngine.start

    async def start_one(engine, started, resources):
        if world.host.guests:
            raise unavailable("too little memory")
        return await start(engine, started, resources)

    monkeypatch.setattr(SimulatedEngine, "start", start_one)
    world.host.crash(uuid)
    await quiet(manager)
    assert set(world.host.guests) == world.runs() == {uuid}
    assert manager.inventory.find("a").state is State.RUNNING


async def test_of_a_process_that_died_nothing_is_kept(world, manager):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    world.host.kill(uuid)
    await quiet(manager)
    assert set(world.host.guests) == {uuid}


async def test_one_that_waits_for_its_restart_is_set_aside_then(world, manager):
    uuid = await run(manager, disk="/disk", on_crash="rename-restart")
    for _ in range(2):
        world.host.crash(uuid)
        await quiet(manager)
    assert len(world.host.guests) == 2
    assert manager.inventory.find(uuid).state is State.RUNNING
