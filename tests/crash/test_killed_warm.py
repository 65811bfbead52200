"""xend is killed, fails, or loses its host's power at every step of holding clones ready and of taking one: a clone is
there or is not, and of those that were ready nothing is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.crash.test_killed_snapshots import finish
from tests.crash.test_killed_xend import settle
from tests.support.world import ROOT, Killed, World, request, started_of

from xenia.lib.aio import Tasks
from xenia.manager.manager import Manager
from xenia.model.clone import CloneRequest
from xenia.model.domain import Phase, State
from xenia.model.errors import XeniaError
from xenia.model.job import Job, JobState
from xenia.model.snapshot import SnapshotRequest

pytestmark = pytest.mark.crash

GUEST_FILE = "name=a disk=/a on_crash=destroy"
CLONE_FILE = "name=b disk=/b-xvda.qcow2 on_crash=destroy"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clone's guest file is written in the plain language of these worlds."""
    monkeypatch.setattr("xenia.manager.cloning.cloning.write", lambda config, heading: CLONE_FILE)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Told:
    """What was promised."""

    cloned = False
    deleted = False


async def attempt(world: World, manager: Manager, job: Job) -> bool:
    with suppress(XeniaError):
        return (await finish(world, manager, job)).state is JobState.DONE
    return False


async def prepare(world: World, manager: Manager) -> None:
    await attempt(world, manager, manager.create(request("a", disk="/a", on_crash="destroy"), ROOT))
    await attempt(world, manager, manager.snapshots.create("a", SnapshotRequest("s", memory=True), ROOT))


async def scenario(world: World, manager: Manager, told: Told) -> None:
    """One is ready, is taken, and comes again; then the snapshot goes."""
    await attempt(world, manager, manager.snapshots.keep_warm("a", "s", 1, ROOT))
    await settle(world)
    told.cloned = await attempt(world, manager, manager.cloning.clone("a", CloneRequest("b", 1, "s"), ROOT))
    await settle(world)
    told.deleted = await attempt(world, manager, manager.snapshots.delete("a", "s", ROOT))


def live(world: World, *works: Callable[[World, Manager], object]) -> None:
    """A xend lives through it, or until it dies."""

    async def life() -> None:
        async def user() -> None:
            manager = world.boot()
            try:
                await manager.start()
                for work in works:
                    await work(world, manager)  # type: ignore[misc]
                await manager.close()
            finally:  # the kernel would close it with a real xend, and a user may have a hundred or so
                manager._guest_file_watch.close()

        with suppress(Killed, XeniaError):
            await Tasks().start(user(), name="user")

    with suppress(Killed):
        asyncio.run(life())


def new_world(folder: Path) -> World:
    """With a domain a that has a snapshot."""
    for file in folder.glob("*.cfg"):
        file.unlink()
    (folder / "a.cfg").write_text(GUEST_FILE)
    world = World(folder=folder)
    live(world, prepare)
    assert world.saves
    world.steps = 0
    return world


async def as_it_should_be(world: World, manager: Manager) -> None:
    """Each guest is a domain or is held ready, and each file is somebody's."""
    await settle(world)
    held, domains = (
        {each.uuid for each in manager.warm.started},
        {entry.started.uuid for entry in manager.inventory._table},
    )
    assert set(world.host.guests) == world.runs() == held | domains
    tree = next(iter(manager.snapshots.trees.all()), None)
    ready = {guest.disks["xvda"] for uuid, guest in world.host.guests.items() if uuid in held}
    kept = {overlay.path for overlay in tree.overlays} if tree is not None else set()
    clone = {"/b-xvda.qcow2"} if (world.folder / "b.cfg").exists() else set()
    images = {path for path in world.host.images if not path.endswith((".save", ".png"))}
    assert images == {"/a"} | ready | kept | clone
    assert set(tree.discarded if tree is not None else ()) == ready
    assert not world.host.violations


def check(world: World, told: Told, *, booted: bool = False) -> None:
    """By a new xend, on a host that was `booted` anew or was not."""
    world.die_at = world.fail_at = None

    async def look(world: World, manager: Manager) -> None:
        await as_it_should_be(world, manager)
        wanted = [each.warm for tree in manager.snapshots.trees.all() for each in tree.snapshots if not each.deleted]
        assert len(manager.warm.started) == sum(wanted)
        assert told.deleted <= (not wanted)
        if told.cloned:
            assert (started_of(world, "b") is None) is booted
            assert any(record.name == "b" for record in manager._parts.lifecycle.records.all())
        if (world.folder / "b.cfg").exists():
            if started_of(world, "b") is None:
                await attempt(world, manager, manager.create(request("b", disk="/b-xvda.qcow2"), ROOT))
            started = started_of(world, "b")
            assert started is not None, "what is defined can be started"
            assert world.host.guests[started.uuid].state is State.RUNNING
            world.host.write(started.uuid, "xvda", 1, 1)
        else:
            assert not told.cloned
        await attempt(world, manager, manager.snapshots.delete("a", "", ROOT))
        await as_it_should_be(world, manager)
        assert all(guest.started.phase is not Phase.WARM or guest.name == "b" for guest in world.host.guests.values())

    failure: list[BaseException] = []

    async def looked(world: World, manager: Manager) -> None:
        try:
            await look(world, manager)
        except BaseException as error:
            failure.append(error)
            raise

    live(world, looked)
    if failure:
        raise failure[0]


def power_cut(world: World) -> None:
    """xend, the guests and all that is not durable are gone."""
    world.host.guests.clear()
    world.files = {path: content for path, content in world.files.items() if not path.startswith("run/")}


def steps(folder: Path) -> int:
    world, told = new_world(folder), Told()
    live(world, lambda world, manager: scenario(world, manager, told))
    count = world.steps
    assert (told.cloned, told.deleted) == (True, True)
    check(world, told)
    return count


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power cut"])
def test_every_place_to_die(tmp_path: Path, *, power: bool) -> None:
    for step in range(1, steps(tmp_path) + 1):
        world, told = new_world(tmp_path), Told()
        world.die_at = step
        live(world, lambda world, manager, told=told: scenario(world, manager, told))  # type: ignore[misc]
        assert world.dead
        if power:
            power_cut(world)
        check(world, told, booted=power)


def test_every_place_to_fail(tmp_path: Path) -> None:
    for step in range(1, steps(tmp_path) + 1):
        world, told = new_world(tmp_path), Told()
        world.fail_at = step
        live(world, lambda world, manager, told=told: scenario(world, manager, told))  # type: ignore[misc]
        check(world, told)
