"""Clones that are held ready: they are no domains, are taken by who clones, come again, and go when they must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.brake import Brake
from xenia.manager.host_stop import StopSettings
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.clone import CloneRequest
from xenia.model.domain import Phase, State
from xenia.model.errors import XeniaError
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.model.snapshot import SnapshotRequest, Warm
from xenia.store.variables import FOLDER

FILE = "name = 'a'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\ndisk = ['file:/a,xvda,w']\nvif = ['']\n"
OTHER = "name = 'b'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\n"
VIEWER = Caller(1000, "viewer", Role.VIEWER)


@pytest.fixture
async def manager(world: World, tmp_path: Path) -> AsyncIterator[Manager]:
    """With a domain a, and a snapshot s of it with memory."""
    world.folder, world.read = tmp_path, read_really
    for name, text in (("a", FILE), ("b", OTHER)):
        (tmp_path / f"{name}.cfg").write_text(text)
    manager = world.boot()
    await manager.start()
    await start(world, manager, "a")
    await done(manager, manager.snapshots.create("a", SnapshotRequest("s", memory=True), ROOT))
    yield manager
    await manager.close()


async def start(world: World, manager: Manager, name: str) -> None:
    file = world.folder / f"{name}.cfg"
    await done(manager, manager.create(CreateRequest(file.read_text(), str(file)), ROOT))


async def done(manager: Manager, job: Job) -> dict[str, Any]:
    job = await manager.wait(job.id, 10)
    assert job.state is JobState.DONE, job
    return job.result or {}


async def failed(manager: Manager, job: Job) -> str:
    job = await manager.wait(job.id, 10)
    assert job.error is not None
    return f"{job.error['detail']}; {job.error['hint']}"


async def seen(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  # what is looked at tells nobody when it changes
            await asyncio.sleep(0.001)


async def clone(manager: Manager, name: str = "copy", count: int = 1, *, full: bool = False) -> None:
    await done(manager, manager.cloning.clone("a", CloneRequest(name, count, "s", full=full), ROOT))


async def told(manager: Manager) -> Warm:
    shown, _ = await manager.snapshots.show("a", "s", ROOT)
    return shown.warm


def warm(manager: Manager) -> set[str]:
    """The UUIDs of the guests that are held ready."""
    return {each.uuid for each in manager.warm.started}


def disks(world: World) -> set[str]:
    return {path for path in world.host.images if not path.endswith(".save")}


async def hold(world: World, manager: Manager, count: int) -> set[str]:
    await done(manager, manager.snapshots.keep_warm("a", "s", count, ROOT))
    await seen(lambda: manager.warm.total().ready == count)
    return warm(manager)


async def test_they_are_no_domains_and_what_they_take_is_told(world: World, manager: Manager) -> None:
    assert await told(manager) == Warm()
    held = await hold(world, manager, 2)
    assert sorted(world.host.guests[uuid].name for uuid in held) == ["a@1", "a@2"]
    assert {world.host.guests[uuid].started.phase for uuid in held} == {Phase.WARM}
    assert [each.name for each in await manager.inventory.list()] == ["Domain-0", "a"]
    assert await told(manager) == manager.warm.total() == Warm(2, 2, 32 << 20)
    assert {world.host.guests[uuid].state for uuid in held} == {State.PAUSED}
    assert {number for uuid in held for number in world.host.guests[uuid].unlinked} == {0}, "no cable is in"


async def test_a_clone_is_one_of_them_with_all_that_is_its_own(world: World, manager: Manager) -> None:
    held = await hold(world, manager, 2)
    await clone(manager)
    copy, source = manager.inventory.find("copy"), manager.inventory.find("a")
    assert copy.uuid in held
    assert copy.state is State.RUNNING
    guest = world.host.guests[copy.uuid]
    assert (guest.name, guest.disks["xvda"]) == ("copy", "/copy-xvda.qcow2")
    entry = manager.inventory.started("copy")
    assert entry is not None
    assert (entry.phase, entry.definition.file) == (Phase.RUNNING, str(world.folder / "copy.cfg"))
    assert entry.config.disks[0].path == "/copy-xvda.qcow2"
    record = f"var/lib/xenia/domains/{copy.uuid}.json"
    assert entry.generation.encode() in world.files[record]
    assert entry.generation != world.host.guests[source.uuid].started.generation
    assert not set(entry.macs) & set(world.host.guests[source.uuid].started.macs)
    assert guest.unlinked == set(), "its new card is in the place of the one whose cable was out"
    await seen(lambda: len(warm(manager)) == 2)
    await hold(world, manager, 0)
    await seen(lambda: not manager.snapshots.trees.all()[0].discarded)
    assert "/copy-xvda.qcow2" in world.host.images


async def test_more_than_are_ready_are_made_as_otherwise(world: World, manager: Manager) -> None:
    held = await hold(world, manager, 2)
    await clone(manager, count=3)
    made = {manager.inventory.find(f"copy-{number}").uuid for number in (1, 2, 3)}
    assert held < made
    assert len({guest.disks["xvda"] for guest in world.host.guests.values()}) == len(world.host.guests)
    assert not world.host.violations


async def test_a_clone_that_stands_alone_is_none_of_them(world: World, manager: Manager) -> None:
    held = await hold(world, manager, 1)
    await clone(manager, full=True)
    assert manager.inventory.find("copy").uuid not in held


async def test_a_clone_whose_name_is_taken_takes_none(world: World, manager: Manager) -> None:
    held = await hold(world, manager, 1)
    world.host.image("/copy-xvda.qcow2")
    said = await failed(manager, manager.cloning.clone("a", CloneRequest("copy", 1, "s"), ROOT))
    assert "there is a file /copy-xvda.qcow2 already" in said
    assert "/copy-xvda.qcow2" in world.host.images, "it is not ours"
    await seen(lambda: manager.warm.total().ready == 1)
    assert [each.name for each in await manager.inventory.list()] == ["Domain-0", "a"]
    assert set(world.host.guests) <= {manager.inventory.find("a").uuid, *held, *warm(manager)}


async def test_fewer_and_none(world: World, manager: Manager) -> None:
    await hold(world, manager, 3)
    assert len(await hold(world, manager, 1)) == 1
    await hold(world, manager, 0)
    assert await told(manager) == Warm()
    assert list(world.host.guests) == [manager.inventory.find("a").uuid]
    assert not manager.snapshots.trees.all()[0].discarded
    assert len(disks(world)) == 2, "what a writes to, and what it was before"


async def test_they_go_with_their_snapshot(world: World, manager: Manager) -> None:
    await hold(world, manager, 2)
    result = await done(manager, manager.snapshots.delete("a", "s", ROOT))
    assert not result["left"]
    assert list(world.host.guests) == [manager.inventory.find("a").uuid]
    assert set(world.host.images) == {"/a"}
    assert not world.host.violations


async def test_they_are_made_anew_when_their_source_goes_back(world: World, manager: Manager) -> None:
    held = await hold(world, manager, 2)
    await done(manager, manager.snapshots.revert("a", "s", ROOT))
    await seen(lambda: len(warm(manager)) == 2)
    assert not held & warm(manager)


async def test_a_domain_that_needs_the_memory_has_it(world: World, manager: Manager) -> None:
    await hold(world, manager, 2)
    assert len(world.mapped) == 1
    world.available = 63 << 20
    await start(world, manager, "b")
    assert not warm(manager)
    assert not world.mapped, "what they have shared is given back, too"
    assert "needed by domains" in (await told(manager)).problem
    world.available = 1 << 30
    await done(manager, manager.operate("destroy", "b", ROOT))
    await seen(lambda: manager.warm.total().ready == 2)
    assert not (await told(manager)).problem


async def test_none_is_made_where_there_is_no_memory_for_it(world: World, manager: Manager) -> None:
    await start(world, manager, "b")
    world.available = 127 << 20
    await done(manager, manager.snapshots.keep_warm("a", "s", 1, ROOT))
    tree = manager.snapshots.trees.all()[0]
    await seen(lambda: manager.warm.shown(tree.uuid, tree.snapshots[0]).problem)
    assert "127 MiB of memory left, and 128" in (await told(manager)).problem
    world.available = 128 << 20
    await done(manager, manager.operate("destroy", "b", ROOT))
    await seen(lambda: manager.warm.total().ready == 1)


async def test_one_that_dies_is_not_made_again_and_again(world: World, manager: Manager) -> None:
    (uuid,) = await hold(world, manager, 1)
    world.host.kill(uuid)
    await seen(lambda: manager.warm.total().ready == 0 and uuid not in world.runs())
    assert "signal 9" in (await told(manager)).problem
    await clone(manager)
    await seen(lambda: manager.warm.total().ready == 1)


async def test_none_is_ready_while_the_host_is_stopped(world: World, manager: Manager) -> None:
    await hold(world, manager, 2)
    job = manager.host_power.stop(0, ROOT)
    await manager.wait(job.id, 10)
    assert not world.host.guests


async def test_settings_end_them_and_bring_them_again(world: World, manager: Manager) -> None:
    def configure(*, warm_clones: bool) -> None:
        manager.configure(
            Brake(),
            StopSettings(),
            attach_timeout=10,
            bring_back=True,
            start_with_host=True,
            warm_clones=warm_clones,
        )

    held = await hold(world, manager, 1)
    configure(warm_clones=False)
    await seen(lambda: not warm(manager))
    assert (await told(manager)).problem == "the setting warm_clones is off"
    assert "want no clones" in await failed(manager, manager.snapshots.keep_warm("a", "s", 2, ROOT))
    configure(warm_clones=True)
    await seen(lambda: manager.warm.total().ready == 1)
    assert not held & warm(manager), "what they were started with may have changed"


async def test_they_end_with_xend_and_the_next_one_makes_them_anew(world: World, manager: Manager) -> None:
    await hold(world, manager, 2)
    await manager.close()
    assert list(world.host.guests) == [manager.inventory.find("a").uuid]
    assert len(disks(world)) == 2
    later = world.boot()
    await later.start()
    await seen(lambda: later.warm.total().ready == 2)
    await later.close()
    assert len(disks(world)) == 2


async def test_what_their_firmware_keeps_goes_with_them(world: World, manager: Manager) -> None:
    await done(manager, manager.snapshots.delete("a", "s", ROOT))
    own = f"{FOLDER}/{manager.inventory.find('a').uuid}.fd"
    world.files[own] = b"boot entries"
    await done(manager, manager.snapshots.create("a", SnapshotRequest("s", memory=True), ROOT))
    (uuid,) = await hold(world, manager, 1)
    assert world.files[f"{FOLDER}/{uuid}.fd"] == b"boot entries"
    await clone(manager)
    await seen(lambda: len(warm(manager)) == 1)
    await hold(world, manager, 0)
    assert {path for path in world.files if path.startswith(FOLDER)} == {own, f"{FOLDER}/{uuid}.fd"}


async def test_their_images_are_in_use(world: World, manager: Manager) -> None:
    (uuid,) = await hold(world, manager, 1)
    path = world.host.guests[uuid].disks["xvda"] or ""
    users = (await manager.images.users.now())[path]
    (user,) = (user for user, _ in users)
    assert (user.domain, user.target, user.runs) == ("a@1", "xvda", True)
    assert user.way_out == "xm snapshot warm a SNAPSHOT 0"


async def test_what_cannot_be_is_said(world: World, manager: Manager) -> None:
    keep = manager.snapshots.keep_warm
    for count in (-1, 101):
        with pytest.raises(XeniaError, match=f"{count} clones cannot be held ready"):
            keep("a", "s", count, ROOT)
    with pytest.raises(XeniaError, match="there is no domain 'nobody'"):
        keep("nobody", "s", 1, ROOT)
    with pytest.raises(XeniaError, match="role administrator"):
        keep("a", "s", 1, VIEWER)
    assert "has no snapshot 'none'" in await failed(manager, keep("a", "none", 1, ROOT))
    await done(manager, manager.snapshots.create("a", SnapshotRequest("disks"), ROOT))
    said = await failed(manager, keep("a", "disks", 1, ROOT))
    assert "has no memory" in said
    assert "xm snapshot create -m a" in said
    assert not warm(manager)


async def test_where_guests_that_run_get_no_overlays_there_are_none(world: World) -> None:
    world.host.like_xen = True
    manager = world.boot()
    await manager.start()
    with pytest.raises(XeniaError, match="snapshot warm is not possible"):
        manager.snapshots.keep_warm("a", "s", 1, ROOT)
    await manager.close()
