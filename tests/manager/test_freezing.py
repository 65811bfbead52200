"""Guests that are frozen, and thawed again whatever happens."""

from __future__ import annotations

import asyncio

import pytest
from tests.manager.test_agents import TOLD, ended, run
from tests.support.waiting import until
from tests.support.world import ROOT, World

from xenia.manager import freezing
from xenia.manager.manager import Manager
from xenia.model.event import EventKind
from xenia.model.job import JobState


@pytest.fixture
async def frozen(world: World, manager: Manager, request: pytest.FixtureRequest) -> World:
    """A guest that is frozen for ten minutes, or for what the test says."""
    world.host.agents["a"] = TOLD
    await run(manager)
    seconds = getattr(request, "param", 600)
    job = await ended(manager, manager.freezing.start("agent-freeze", "a", ROOT, seconds))
    assert job.result == {"domain": "a", "filesystems": 1, "seconds": seconds}
    return world


def is_frozen(world: World) -> bool:
    (guest,) = world.host.guests.values()
    return guest.frozen


async def test_it_is_thawed_when_somebody_says_so(frozen: World, manager: Manager) -> None:
    assert is_frozen(frozen)
    job = await ended(manager, manager.freezing.start("agent-thaw", "a", ROOT))
    assert job.result == {"domain": "a", "filesystems": 1}
    assert not is_frozen(frozen)
    kinds = [event.kind for event in frozen.published]
    assert [kind for kind in kinds if kind in (EventKind.FROZEN, EventKind.THAWED)] == ["frozen", "thawed"]
    started = manager.inventory.started("a")
    assert started is not None
    assert not started.frozen


async def test_a_guest_that_is_frozen_is_not_frozen_again(frozen: World, manager: Manager) -> None:
    job = await ended(manager, manager.freezing.start("agent-freeze", "a", ROOT))
    assert job.error is not None
    assert (job.error["kind"], job.error["hint"]) == ("conflict", "xm agent a thaw")
    assert is_frozen(frozen)


@pytest.mark.parametrize("frozen", [0.01], indirect=True)
async def test_it_is_thawed_by_itself_after_its_time(frozen: World, manager: Manager) -> None:
    await until(lambda: not is_frozen(frozen))
    job = await ended(manager, manager.freezing.start("agent-freeze", "a", ROOT))
    assert job.state is JobState.DONE, "and can be frozen again"


@pytest.mark.parametrize("frozen", [0.01], indirect=True)
async def test_an_agent_that_does_not_answer_is_asked_until_it_does(
    frozen: World, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "_AGAIN", 0.01)
    frozen.host.mute.add("a")
    thaws = frozen.steps
    await until(lambda: frozen.steps > thaws + 3)
    assert is_frozen(frozen)
    frozen.host.mute.remove("a")
    await until(lambda: not is_frozen(frozen))


async def test_one_that_could_not_be_frozen_in_time_is_thawed_for_it_may_be_late(
    world: World, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "_AGAIN", 0.01)
    world.host.agents["a"] = TOLD
    world.host.mute.add("a")
    await run(manager)
    job = await ended(manager, manager.freezing.start("agent-freeze", "a", ROOT))
    assert job.error is not None
    assert job.error["kind"] == "timed_out"
    (guest,) = world.host.guests.values()
    guest.frozen = True  # late
    world.host.mute.remove("a")
    await until(lambda: not guest.frozen)


async def test_a_guest_that_takes_its_time_keeps_nobody_from_it(world: World, manager: Manager) -> None:
    world.host.agents["a"] = TOLD
    await run(manager)
    asked, over = asyncio.Event(), asyncio.Event()

    async def step(name: str) -> None:
        if name == "freeze":
            asked.set()
            await over.wait()

    world.host.step = step
    freezing_job = manager.freezing.start("agent-freeze", "a", ROOT)
    await asked.wait()
    assert (await ended(manager, manager.operate("destroy", "a", ROOT))).state is JobState.DONE
    over.set()
    error = (await ended(manager, freezing_job)).error
    assert error is not None
    assert error["kind"] == "engine_failed"


async def test_the_end_of_xend_thaws_it(frozen: World, manager: Manager) -> None:
    await manager.close()
    assert not is_frozen(frozen)


async def test_the_next_xend_thaws_what_one_that_was_killed_has_frozen(frozen: World) -> None:
    next_one = frozen.boot()
    await next_one.start()
    await until(lambda: not is_frozen(frozen))
    started = next_one.inventory.started("a")
    assert started is not None
    await until(lambda: not started.frozen or not is_frozen(frozen))
    await next_one.close()


async def test_a_guest_is_thawed_before_it_is_asked_to_shut_down(frozen: World, manager: Manager) -> None:
    job = await ended(manager, manager.operate("shutdown", "a", ROOT, until_gone=True))
    assert job.state is JobState.DONE
    kinds = [event.kind for event in frozen.published]
    assert kinds.index(EventKind.THAWED) < kinds.index(EventKind.SHUTTING_DOWN)


async def test_one_that_starts_over_by_itself_is_frozen_no_more(frozen: World, manager: Manager) -> None:
    (guest,) = frozen.host.guests.values()
    guest.frozen = False
    frozen.host.reboot(guest.started.uuid)
    started = manager.inventory.started("a")
    assert started is not None
    await until(lambda: not (manager.inventory.started("a") or started).frozen)
