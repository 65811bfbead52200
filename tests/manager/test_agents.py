"""Agents in guests: what they tell, and what xend does with one that does not answer."""

from __future__ import annotations

import pytest
from tests.support.world import ROOT, World, request

from xenia.manager.manager import Manager
from xenia.model.agent import AgentInfo, Interface, ShutdownMode
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState

OPERATOR = Caller(1000, "anna", Role.OPERATOR)
TOLD = AgentInfo("simulated", "1", "Small Linux", interfaces=(Interface("eth0", "", ("192.0.2.7/24",), vif=0),))


async def run(manager: Manager, name: str = "a") -> None:
    job = await manager.wait(manager.create(request(name), ROOT).id, 10)
    assert job.state is JobState.DONE, job


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def test_it_tells_sets_its_clock_and_runs_commands(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    told = await manager.agents.info("a", OPERATOR)
    assert (told.os, told.frozen) == ("Small Linux", False)
    assert await manager.agents.interfaces("a", OPERATOR) == TOLD.interfaces
    assert await manager.agents.ping("a", OPERATOR) > 0
    job = await ended(manager, manager.agents.set_time("a", OPERATOR))
    assert job.result == {"domain": "a", "offset": 0.0}
    pid = await manager.agents.run("a", ["true"], b"", ROOT)
    assert (await manager.agents.result("a", pid, 1, ROOT)).exit_code == 0


async def test_only_an_administrator_runs_commands(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    for ask in (manager.agents.run("a", ["true"], b"", OPERATOR), manager.agents.result("a", 1, 0, OPERATOR)):
        with pytest.raises(XeniaError) as raised:
            await ask
        assert raised.value.kind is ErrorKind.DENIED


@pytest.mark.parametrize("command", [[], [""], ["a\0b"], ["true", "\0"]])
async def test_what_is_no_command_is_refused(world: World, manager: Manager, command: list[str]) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    with pytest.raises(XeniaError, match="no command"):
        await manager.agents.run("a", command, b"", ROOT)


async def test_an_engine_whose_guests_take_no_commands_says_so_with_the_way_out(world: World) -> None:
    world.host.like_xen = True
    manager = world.boot()
    await manager.start()
    world.host.agents["a"] = TOLD
    await run(manager)
    assert (await manager.agents.info("a", OPERATOR)).os == "Small Linux"
    with pytest.raises(XeniaError, match="agent-exec is not possible") as raised:
        await manager.agents.run("a", ["true"], b"", ROOT)
    assert raised.value.hint is not None
    assert "xm agent DOMAIN" in raised.value.hint
    with pytest.raises(XeniaError, match="agent-freeze is not possible"):
        manager.freezing.start("agent-freeze", "a", ROOT)
    await manager.close()


async def test_a_glance_gives_up_on_an_agent_that_does_not_answer(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    started = manager.inventory.started("a")
    assert started is not None
    assert await manager.agents.glance(started) == TOLD.interfaces
    world.host.mute.add("a")
    assert await manager.agents.glance(started) == ()
    world.host.mute.remove("a")
    assert await manager.agents.glance(started) == (), "it is not asked again so soon"
    assert await manager.agents.interfaces("a", ROOT) == TOLD.interfaces, "unless somebody wants to know"


async def test_a_paused_guest_is_not_asked(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    await ended(manager, manager.operate("pause", "a", ROOT))
    with pytest.raises(XeniaError, match="it is paused"):
        await manager.agents.info("a", ROOT)
    started = manager.inventory.started("a")
    assert started is not None
    assert await manager.agents.glance(started) == ()


@pytest.mark.parametrize(
    ("agent", "mute", "mode", "asked"),
    [
        (True, False, ShutdownMode.AUTO, "agent"),
        (True, False, ShutdownMode.AGENT, "agent"),
        (True, False, ShutdownMode.ACPI, "acpi"),
        (True, True, ShutdownMode.AUTO, "acpi"),
        (False, False, ShutdownMode.AUTO, "acpi"),
    ],
)
async def test_a_guest_is_asked_to_shut_down_by_what_answers(
    world: World, manager: Manager, agent: bool, mute: bool, mode: ShutdownMode, asked: str
) -> None:
    if agent:
        world.host.agents["a"] = TOLD
    if mute:
        world.host.mute.add("a")
    await run(manager)
    job = await ended(manager, manager.operate("shutdown", "a", ROOT, until_gone=True, mode=mode))
    assert job.result == {"domain": "a", "asked": asked}


async def test_a_guest_that_is_deaf_to_its_button_obeys_its_agent(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    world.host.deaf.add("a")
    await run(manager)
    job = await ended(manager, manager.operate("shutdown", "a", ROOT, until_gone=True))
    assert job.state is JobState.DONE


async def test_an_agent_that_must_and_cannot_is_an_error(world: World, manager: Manager) -> None:
    await run(manager)
    job = await ended(manager, manager.operate("shutdown", "a", ROOT, mode=ShutdownMode.AGENT))
    assert job.error is not None
    assert (job.error["kind"], job.error["detail"]) == ("conflict", "no agent runs in domain 'a'")
    with pytest.raises(XeniaError, match="pause asks no guest"):
        manager.operate("pause", "a", ROOT, mode=ShutdownMode.ACPI)
