"""Which operation is possible when, and what is said when it is not."""

from unittest.mock import AsyncMock

import pytest
from tests.support.world import ROOT, request

from xenia.engines.simulated.engine import SimulatedEngine
from xenia.model.caller import Caller, Role
from xenia.model.domain import State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.host import Capability, EngineReport
from xenia.model.job import JobState
from xenia.model.operations import OPERATIONS, permit


async def run(manager, name="a", **words):
    job = await manager.wait(manager.create(request(name, **words), ROOT).id, 10)
    assert job.state is JobState.DONE, job
    return manager.inventory.find(name)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_table_permits_or_refuses_with_the_state_and_never_fails(name, state):
    operation = OPERATIONS[name]
    if state in operation.states or state in operation.idempotent_in:
        permit(operation, name="a", state=state)
        return
    with pytest.raises(XeniaError, match="'a'") as raised:
        permit(operation, name="a", state=state)
    assert raised.value.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("destroy", "there is nothing to end; xm list shows what runs"),
        ("shutdown", "there is nothing to end; xm list shows what runs"),
        ("pause", "start it first: xm create /etc/xen/a.cfg"),
    ],
)
def test_what_does_not_run_is_started_first_but_not_to_be_ended(name, hint):
    with pytest.raises(XeniaError, match="it is not running") as raised:
        permit(OPERATIONS[name], name="a", state=State.DEFINED, file="/etc/xen/a.cfg")
    assert raised.value.hint == hint


@pytest.mark.parametrize("operation", ["shutdown", "reboot", "destroy", "pause", "unpause"])
async def test_domain_0_is_left_alone(manager, operation):
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.operate(operation, "Domain-0", ROOT)


@pytest.mark.parametrize("operation", ["shutdown", "reboot"])
async def test_a_paused_guest_cannot_be_asked_and_the_way_out_is_said(manager, operation):
    await run(manager)
    await manager.wait(manager.operate("pause", "a", ROOT).id, 10)
    with pytest.raises(XeniaError) as raised:
        manager.operate(operation, "a", ROOT)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert raised.value.hint == "let it run on first: xm unpause a"


async def test_pausing_twice_is_no_error(manager):
    await run(manager)
    for _ in range(2):
        job = await manager.wait(manager.operate("pause", "a", ROOT).id, 10)
        assert job.state is JobState.DONE
    assert manager.inventory.find("a").state is State.PAUSED


async def test_an_unknown_operation_and_a_wait_for_nothing_are_refused(manager):
    await run(manager)
    with pytest.raises(XeniaError, match="no operation 'explode'"):
        manager.operate("explode", "a", ROOT)
    with pytest.raises(XeniaError, match="nothing to wait for"):
        manager.operate("pause", "a", ROOT, until_gone=True)
    with pytest.raises(XeniaError, match="role"):
        manager.operate("pause", "a", Caller(1, "v", Role.VIEWER))


async def test_what_the_engine_cannot_do_is_refused(world, monkeypatch):
    report = EngineReport("simulated", usable=True, capabilities=frozenset({Capability.CONSOLE}))
    monkeypatch.setattr(SimulatedEngine, "probe", AsyncMock(return_value=report))
    manager = world.boot()
    await manager.start()
    try:
        await run(manager)
        with pytest.raises(XeniaError, match="pause is not possible: the engine simulated") as raised:
            manager.operate("pause", "a", ROOT)
        assert (raised.value.kind, raised.value.hint) == (ErrorKind.INVALID, "xm info shows what it can do")
        assert manager.consoles("a") == {}
    finally:
        await manager.close()


async def test_an_engine_without_consoles_has_none_to_show(manager):
    await run(manager)
    with pytest.raises(XeniaError, match="console is not possible"):
        manager.consoles("a")


async def test_shutdown_waits_for_a_deaf_guest_until_it_ends_otherwise(world, manager):
    world.host.deaf.add("a")
    domain = await run(manager)
    waiting = manager.operate("shutdown", "a", ROOT, until_gone=True)
    assert (await manager.wait(waiting.id, 0.05)).state is JobState.RUNNING
    world.host.power_off(domain.uuid)
    assert (await manager.wait(waiting.id, 10)).state is JobState.DONE
    with pytest.raises(XeniaError):
        manager.inventory.find("a")


async def test_reboot_keeps_the_id_and_starts_the_guest_over(world, manager):
    domain = await run(manager)
    job = await manager.wait(manager.operate("reboot", "a", ROOT, until_gone=True).id, 10)
    assert job.state is JobState.DONE
    assert manager.inventory.find("a").domid == domain.domid
    assert world.host.guests[domain.uuid].boots == 2


async def test_events_name_the_domain_and_count_up(manager):
    with manager.listen() as listener:
        await run(manager)
        await manager.wait(manager.operate("pause", "a", ROOT).id, 10)
        events = [await anext(listener), await anext(listener)]
    assert [event.kind for event in events] == [EventKind.STARTED, EventKind.PAUSED]
    assert [event.sequence for event in events] == [1, 2]
    assert {event.domain for event in events} == {"a"}


async def test_a_listener_that_is_too_slow_is_ended(manager):
    with manager.listen() as listener:
        await run(manager)
        for _ in range(600):
            await manager.wait(manager.operate("pause", "a", ROOT).id, 10)
            await manager.wait(manager.operate("unpause", "a", ROOT).id, 10)
        seen = [event async for event in listener]
    assert len(seen) == 1000
    assert [event.sequence for event in seen] == list(range(1, 1001))


async def test_a_guest_file_that_was_written_just_now_is_known_by_name(world, tmp_path):
    world.folder = tmp_path
    manager = world.boot()
    (tmp_path / "new.cfg").write_text("name=new")
    with pytest.raises(XeniaError, match="no domain"):
        manager.inventory.find("new")
    assert (await manager.inventory.look_up("new")).state is State.DEFINED
    with pytest.raises(XeniaError, match="not running"):
        manager.operate("shutdown", "new", ROOT)
    with pytest.raises(XeniaError, match="no domain"):
        await manager.inventory.look_up("other")
