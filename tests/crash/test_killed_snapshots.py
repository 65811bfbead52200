"""xend is killed, or something fails, at every step of everything that is done with snapshots: no write of a guest is
lost, no image is written to below others, and a snapshot says what it said or is not there.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tests.crash.test_killed_xend import settle
from tests.support.world import ROOT, Killed, World, request, started_of

from xenia.lib.aio import Tasks
from xenia.manager.manager import Manager
from xenia.manager.snapshots.tree import all_paths
from xenia.model.domain import State
from xenia.model.errors import XeniaError
from xenia.model.job import Job, JobState
from xenia.model.snapshot import SnapshotRequest
from xenia.store.variables import FOLDER

pytestmark = pytest.mark.crash

GUEST_FILE = "name=a disk=/a on_crash=destroy"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("guest-files")
    (path / "a.cfg").write_text(GUEST_FILE)
    return path


class Told:
    """What is known of domain a: `now` is what its disk holds, `before` what it held where the last thing that was done
    may have been done or not; `snapshots` are those that were promised, `perhaps` what may be there.
    """

    def __init__(self) -> None:
        self.now: dict[int, int] = {}
        self.other: dict[int, int] | None = None
        self.snapshots: dict[str, dict[int, int]] = {}
        self.perhaps: dict[str, dict[int, int]] = {}
        self.maybe: dict[str, dict[int, int]] = {}
        """What else one may hold: it was made when nobody knew what the disk held."""


def uuid_of(world: World) -> str | None:
    started = started_of(world, "a")
    return started.uuid if started is not None else None


def write(world: World, told: Told, place: int, value: int) -> None:
    """The guest writes, where it runs."""
    uuid = uuid_of(world)
    if uuid is not None and world.host.guests[uuid].state is State.RUNNING:
        seen = world.host.read(world.host.guests[uuid].disks["xvda"] or "")
        assert seen in (told.now, told.other), "the disk holds what was written to it"
        variables = f"{FOLDER}/{uuid}.fd"
        assert world.files.get(variables, b"{}") == repr(seen).encode(), "its firmware keeps what goes with the disk"
        world.host.write(uuid, "xvda", place, value)
        told.now, told.other = seen | {place: value}, None
        world.files[variables] = repr(told.now).encode()


async def finish(world: World, manager: Manager, job: Job) -> Job:
    """The job's end, or Killed when xend died first. Threads look at images, and are waited for."""
    while not world.dead and manager.job(job.id).state is JobState.RUNNING:
        await settle(world, until=lambda: manager.job(job.id).state is not JobState.RUNNING)
        await manager.wait(job.id, 0.001)
    if world.dead:
        raise Killed
    job = manager.job(job.id)
    assert job.state in (JobState.DONE, JobState.FAILED), job
    assert job.error is None or job.error["kind"] != "internal", job.error
    return job


async def start(world: World, manager: Manager, told: Told) -> None:
    with suppress(XeniaError):
        text = request("a", disk="/a", on_crash="destroy")
        await finish(world, manager, manager.create(text, ROOT))


async def stop(world: World, manager: Manager, told: Told) -> None:
    with suppress(XeniaError):
        await finish(world, manager, manager.operate("destroy", "a", ROOT))


async def create(world: World, manager: Manager, told: Told, name: str, *, memory: bool = False) -> Job | None:
    told.perhaps[name] = dict(told.now)
    try:
        job = await finish(world, manager, manager.snapshots.create("a", SnapshotRequest(name, memory=memory), ROOT))
    except XeniaError:
        return None
    finally:
        if told.other is not None:
            told.maybe[name] = dict(told.other)
    if job.state is JobState.DONE:
        told.snapshots[name] = told.perhaps.pop(name)
    return job


async def revert(world: World, manager: Manager, told: Told, name: str) -> None:
    saved = (told.perhaps | told.snapshots).get(name)
    before = told.other
    told.other = dict(saved) if saved is not None else None
    try:
        job = await finish(world, manager, manager.snapshots.revert("a", name, ROOT))
    except XeniaError:
        told.other = before
        return
    if job.state is JobState.DONE:
        told.now, told.other = dict(saved or {}), told.maybe.get(name)


async def delete(world: World, manager: Manager, told: Told, name: str) -> None:
    if name in told.snapshots:
        told.perhaps[name] = told.snapshots.pop(name)
    with suppress(XeniaError):
        job = await finish(world, manager, manager.snapshots.delete("a", name, ROOT))
        if job.state is JobState.DONE:
            told.perhaps.pop(name, None)


async def scenario_of_one_that_runs(world: World, manager: Manager, told: Told) -> None:
    await start(world, manager, told)
    write(world, told, 0, 1)
    await create(world, manager, told, "one")
    write(world, told, 0, 2)
    await create(world, manager, told, "two")
    write(world, told, 1, 3)
    await delete(world, manager, told, "one")
    write(world, told, 2, 4)
    await delete(world, manager, told, "two")
    write(world, told, 3, 5)


async def scenario_of_one_with_memory(world: World, manager: Manager, told: Told) -> None:
    await start(world, manager, told)
    write(world, told, 0, 1)
    await create(world, manager, told, "one", memory=True)
    write(world, told, 0, 2)
    await revert(world, manager, told, "one")
    write(world, told, 1, 3)
    await delete(world, manager, told, "one")
    write(world, told, 2, 4)


async def scenario_of_one_that_runs_on_while_its_memory_is_saved(world: World, manager: Manager, told: Told) -> None:
    world.host.background = True
    await scenario_of_one_with_memory(world, manager, told)


async def scenario_of_branches(world: World, manager: Manager, told: Told) -> None:
    await start(world, manager, told)
    write(world, told, 0, 1)
    await create(world, manager, told, "one")
    write(world, told, 1, 2)
    await create(world, manager, told, "two")
    write(world, told, 2, 3)
    await revert(world, manager, told, "one")
    write(world, told, 3, 4)
    await create(world, manager, told, "three")
    await delete(world, manager, told, "one")
    await stop(world, manager, told)
    await revert(world, manager, told, "two")
    await delete(world, manager, told, "three")
    await delete(world, manager, told, "two")
    await start(world, manager, told)
    write(world, told, 4, 5)


async def scenario_of_one_that_is_off(world: World, manager: Manager, told: Told) -> None:
    await create(world, manager, told, "one")
    await create(world, manager, told, "two")
    await start(world, manager, told)
    write(world, told, 0, 1)
    await stop(world, manager, told)
    await delete(world, manager, told, "two")
    await revert(world, manager, told, "one")
    await delete(world, manager, told, "one")
    await start(world, manager, told)
    write(world, told, 1, 2)


SCENARIOS = [
    scenario_of_one_that_runs,
    scenario_of_one_with_memory,
    scenario_of_one_that_runs_on_while_its_memory_is_saved,
    scenario_of_branches,
    scenario_of_one_that_is_off,
]
Scenario = Callable[[World, Manager, Told], Awaitable[None]]


def run(world: World, scenario: Scenario, told: Told) -> None:
    """A xend lives through it, or until it dies."""

    async def life() -> None:
        tasks = Tasks()

        async def user() -> None:
            manager = world.boot()
            try:
                await manager.start()
                await scenario(world, manager, told)
                await settle(world)
                await manager.close()
            finally:  # the kernel would close it with a real xend, and a user may have a hundred or so
                manager._guest_file_watch.close()

        with suppress(Killed):
            await tasks.start(user(), name="user")

    with suppress(Killed):
        asyncio.run(life())


def check(world: World, told: Told) -> None:
    """A new xend finds all in order; when all snapshots are gone the disk is what its guest file names."""
    world.die_at = world.fail_at = None

    async def life() -> None:
        manager = world.boot()
        await manager.start()
        await settle(world)
        await stop(world, manager, told)
        listed = {each.name: each for each in await manager.snapshots.list("a", ROOT)}
        assert told.snapshots.keys() <= listed.keys(), "what was promised is there"
        assert listed.keys() <= told.snapshots.keys() | told.perhaps.keys()
        for name, content in (told.snapshots | told.perhaps).items():
            if name in listed:
                _, snapshot = await manager.snapshots.show("a", name, ROOT)
                (layer,) = snapshot.layers
                held = world.host.read(layer.path)
                assert held in (content, told.maybe.get(name)), f"{name} holds what was there"
        await start(world, manager, told)
        write(world, told, 9, 9)
        job = await finish(world, manager, manager.snapshots.delete("a", "", ROOT))
        assert job.state is JobState.DONE, job
        assert job.result is not None
        assert not job.result["left"]
        trees = manager.snapshots.trees.all()
        assert not trees, [all_paths(tree) for tree in trees]
        assert set(world.host.images) <= {"/a"}, "no overlay is left over"
        assert not [path for path in world.saves if "snapshots" in str(path)], "no memory is left over"
        assert world.host.read("/a") == told.now
        write(world, told, 9, 10)
        await stop(world, manager, told)
        await manager.close()

    asyncio.run(life())
    assert not world.host.violations


def new_world(folder: Path, **options: int) -> World:
    world = World(**options)
    world.folder = folder
    return world


def steps_of(scenario: Scenario, folder: Path) -> int:
    world, told = new_world(folder), Told()
    run(world, scenario, told)
    steps = world.steps
    check(world, told)
    return steps


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_place_to_die(scenario: Scenario, folder: Path) -> None:
    for step in range(1, steps_of(scenario, folder) + 1):
        world, told = new_world(folder, die_at=step), Told()
        run(world, scenario, told)
        assert world.dead
        check(world, told)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_place_to_fail(scenario: Scenario, folder: Path) -> None:
    for step in range(1, steps_of(scenario, folder) + 1):
        world, told = new_world(folder, fail_at=step), Told()
        run(world, scenario, told)
        check(world, told)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_place_at_which_the_host_loses_power(scenario: Scenario, folder: Path) -> None:
    """xend, the guests and all that is not durable are gone."""
    for step in range(1, steps_of(scenario, folder) + 1):
        world, told = new_world(folder, die_at=step), Told()
        run(world, scenario, told)
        world.host.guests.clear()
        world.files = {path: content for path, content in world.files.items() if not path.startswith("run/")}
        check(world, told)


@pytest.mark.parametrize("seed", range(60))
def test_random_days(seed: int, folder: Path) -> None:
    dice = random.Random(seed)  # noqa: S311  # the same days every time
    world, told = new_world(folder), Told()
    serial = iter(range(1, 1000))

    async def day(world: World, manager: Manager, told: Told) -> None:
        for _ in range(dice.randint(3, 12)):
            names = sorted(told.snapshots | told.perhaps) or ["none"]
            match dice.choice(["start", "stop", "create", "create", "memory", "revert", "delete", "write", "write"]):
                case "start":
                    await start(world, manager, told)
                case "stop":
                    await stop(world, manager, told)
                case "create":
                    await create(world, manager, told, f"s{next(serial)}")
                case "memory":
                    world.host.background = not world.host.background
                    await create(world, manager, told, f"m{next(serial)}", memory=True)
                case "revert":
                    await revert(world, manager, told, dice.choice(names))
                case "delete":
                    await delete(world, manager, told, dice.choice(names))
                case _:
                    write(world, told, dice.randrange(4), next(serial))

    for _ in range(dice.randint(1, 5)):
        world.die_at = world.steps + dice.randint(1, 300)
        run(world, partial(day), told)
        if dice.random() < 0.3:
            world.host.guests.clear()
            world.files = {path: content for path, content in world.files.items() if not path.startswith("run/")}
    check(world, told)
