"""By its generation a guest learns that it has gone back in time, or is a copy: it changes then, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.clone import CloneRequest
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.model.save import Afterwards, RestoreRequest, SaveRequest
from xenia.model.snapshot import SnapshotRequest

FILE = "name = 'a'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\ndisk = ['file:/a,xvda,w']\n"


@pytest.fixture
async def manager(world: World, tmp_path: Path) -> Iterator[Manager]:
    world.folder, world.read = tmp_path, read_really
    (tmp_path / "a.cfg").write_text(FILE)
    manager = world.boot()
    await manager.start()
    yield manager
    await manager.close()


async def done(manager: Manager, job: Job) -> None:
    job = await manager.wait(job.id, 10)
    assert job.state is JobState.DONE, job


async def start(world: World, manager: Manager, name: str = "a") -> str:
    file = world.folder / f"{name}.cfg"
    await done(manager, manager.create(CreateRequest(file.read_text(), str(file)), ROOT))
    return of(world, name)


async def stop(manager: Manager, name: str = "a") -> None:
    await done(manager, manager.operate("destroy", name, ROOT))


def of(world: World, name: str = "a") -> str:
    (found,) = (each.started.generation for each in world.host.guests.values() if each.started.config.name == name)
    assert found
    return str(found)


async def test_it_stays_through_boots_and_suspensions(world: World, manager: Manager) -> None:
    first = await start(world, manager)
    await done(manager, manager.operate("reboot", "a", ROOT))
    await stop(manager)
    assert await start(world, manager) == first
    await done(manager, manager.suspending.suspend("a", ROOT))
    await done(manager, manager.suspending.resume("a", ROOT))
    assert of(world) == first


async def test_it_changes_with_each_restore_of_a_file(world: World, manager: Manager) -> None:
    seen = {await start(world, manager)}
    await done(manager, manager.saving.save("a", SaveRequest("/a.save", Afterwards.END), ROOT))
    for _ in range(2):
        await done(manager, manager.saving.restore(RestoreRequest("/a.save"), ROOT))
        seen.add(of(world))
        await stop(manager)
    assert len(seen) == 3
    assert await start(world, manager) in seen, "it boots on from there"


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("runs", [False, True])
async def test_it_changes_with_each_way_back(world: World, manager: Manager, *, memory: bool, runs: bool) -> None:
    seen = {await start(world, manager)}
    await done(manager, manager.snapshots.create("a", SnapshotRequest("s", memory=memory), ROOT))
    assert of(world) in seen, "it goes on"
    for _ in range(2):
        if not runs:
            await stop(manager)
        await done(manager, manager.snapshots.revert("a", "s", ROOT))
        seen.add(of(world) if memory or runs else await start(world, manager))
    assert len(seen) == 3


async def test_each_clone_has_its_own(world: World, manager: Manager) -> None:
    seen = {await start(world, manager)}
    await done(manager, manager.cloning.clone("a", CloneRequest("copy", count=2, running=True), ROOT))
    seen |= {of(world, name) for name in ("copy-1", "copy-2")}
    assert len(seen) == 3
    assert of(world) in seen
