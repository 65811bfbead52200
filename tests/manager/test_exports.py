"""Disks of domains that run, offered to backup tools: on the simulated engine and a real file system."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, done, failed
from tests.support.world import ROOT, World, read_really

import xenia.manager.exports
from xenia.engines.simulated.exports import SimulatedExport
from xenia.engines.xen.lacks import LACKS
from xenia.lib.aio import Tasks
from xenia.manager.host_stop import StopSettings
from xenia.manager.manager import Manager
from xenia.model.agent import AgentInfo
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError
from xenia.model.host import Capability
from xenia.model.image import ImageFormat
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.storage.images.nbd import connect


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "images").mkdir()
    (tmp_path / "etc").mkdir()
    return World(folder=tmp_path / "etc", image_roots=(str(tmp_path / "images"),), read=read_really)


@pytest.fixture
async def manager(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Manager]:
    """With a domain `a` that runs."""
    monkeypatch.setattr(xenia.manager.exports, "_LOOK_AGAIN", 0.01)
    made = world.boot()
    await made.start()
    disk = tmp_path / "images/disk.img"
    disk.write_bytes(bytes(MIB))
    file = tmp_path / "etc/a.cfg"
    disks = [f"file:{disk},xvda,w", f"file:{disk}2,xvdb,r", f"file:{disk}3,xvdc,w!", "file:/cd,hdc:cdrom,r"]
    file.write_text(f"name = 'a'\ndisk = {disks!r}\n")
    job = await made.wait(made.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.state is JobState.DONE, job
    yield made
    await made.close()


@asynccontextmanager
async def offered(manager: Manager, caller: Caller = ROOT, listen: str = "", bitmap: str = "") -> AsyncIterator[Job]:
    job = manager.exports.export("a", "/dev/xvda", caller, listen=listen, bitmap=bitmap)
    async with asyncio.timeout(30):
        while (now := manager.images.jobs.get(job.id)).progress is None:
            assert now.state is JobState.RUNNING, now
            await asyncio.sleep(0.01)
    yield job


def the_export(world: World) -> SimulatedExport:
    (guest,) = world.host.guests.values()
    return guest.exports["xvda"]


def nothing_left(world: World, manager: Manager) -> bool:
    folders = (manager.exports.sockets, manager.exports.folder)
    exports = any(guest.exports for guest in world.host.guests.values())
    return not exports and not any(list(folder.iterdir()) for folder in folders)


async def test_it_is_offered_to_the_caller_until_that_is_cancelled(manager: Manager, world: World) -> None:
    owner = Caller(os.geteuid() + 12345 if os.geteuid() == 0 else os.geteuid(), "boss", Role.ADMINISTRATOR)
    async with offered(manager, owner) as job:
        place = manager.exports.sockets / f"{job.id}.sock"
        status = place.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (owner.uid, 0o600)
        reader = await connect(str(place))
        await reader.read_first()
        reader.close()
        assert not the_export(world).frozen
        assert (await failed(manager, manager.exports.export("a", "xvda", ROOT)))["kind"] == "conflict"
        assert the_export(world), "the first one goes on"
        assert (await manager.images.jobs.cancel(job.id, owner)).state is JobState.CANCELLED
    assert nothing_left(world, manager)


async def test_to_the_network_as_an_administrator_alone_may(manager: Manager, world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with offered(manager, listen=f"127.0.0.1:{port}") as job:
        reader = await connect(("127.0.0.1", port))
        await reader.read_first()
        reader.close()
        await manager.images.jobs.cancel(job.id, ROOT)
    assert (await failed(manager, manager.exports.export("a", "xvda", ROOT, listen="nowhere")))["kind"] == "invalid"
    with pytest.raises(XeniaError, match="only an administrator"):
        manager.exports.export("a", "xvda", OPERATOR, listen="127.0.0.1:1")


async def test_a_guest_whose_agent_answers_is_frozen_for_the_moment(manager: Manager, world: World) -> None:
    world.host.agents["a"] = AgentInfo("qga")
    async with offered(manager) as job:
        (guest,) = world.host.guests.values()
        assert (the_export(world).frozen, guest.frozen) == (True, False)
        await manager.images.jobs.cancel(job.id, ROOT)


async def test_the_end_of_the_guest_ends_it_and_says_so(manager: Manager, world: World) -> None:
    async with offered(manager) as job:
        await done(manager, manager.operate("destroy", "a", ROOT))
        error = await failed(manager, job)
    assert (error["kind"], error["detail"]) == ("unavailable", "domain 'a' has ended, and so has the export of xvda")
    assert nothing_left(world, manager)


async def test_when_nothing_more_can_be_kept_it_fails_and_the_guest_runs(manager: Manager, world: World) -> None:
    async with offered(manager) as job:
        the_export(world).broken = True
        error = await failed(manager, job)
    assert error["kind"] == "unavailable"
    assert "the guest runs on" in error["detail"]
    assert nothing_left(world, manager)
    assert manager.inventory.find("a").state.value == "running"


@pytest.mark.parametrize(
    ("target", "kind", "said"),
    [
        ("xvdz", "not_found", "xvdz"),
        ("xvdb", "invalid", "does not write to xvdb"),
        ("xvdc", "invalid", "w!"),
        ("hdc", "invalid", "does not write to hdc"),
    ],
)
async def test_what_is_no_disk_of_one_moment_is_refused(
    manager: Manager, world: World, target: str, kind: str, said: str
) -> None:
    error = await failed(manager, manager.exports.export("a", target, ROOT))
    assert (error["kind"], said in error["detail"]) == (kind, True)
    assert not list(manager.exports.sockets.iterdir())


async def test_only_of_domains_that_run_and_not_of_an_administrator_s_for_others(manager: Manager) -> None:
    assert (await failed(manager, manager.exports.export("a", "xvda", OPERATOR)))["kind"] == "denied"
    await done(manager, manager.operate("destroy", "a", ROOT))
    await manager.inventory.look_up("a")
    with pytest.raises(XeniaError) as raised:
        manager.exports.export("a", "xvda", ROOT)
    assert raised.value.kind == "conflict"


async def test_a_guest_whose_disk_is_exported_is_put_away_with_the_host(manager: Manager, world: World) -> None:
    async with offered(manager) as job:
        manager.host_power.configure(StopSettings(("save",)), bring_back=True, with_host=True)
        await done(manager, manager.host_power.stop(None, ROOT))
    assert manager.images.jobs.get(job.id).state is JobState.CANCELLED
    assert not world.host.guests
    assert manager.inventory.find("a").state.value == "defined"
    assert nothing_left(world, manager)


async def test_bitmaps_are_made_told_of_and_deleted(manager: Manager, world: World, tmp_path: Path) -> None:
    bitmaps, base = manager.bitmaps, tmp_path / "images/disk.img"
    assert (await failed(manager, bitmaps.create("a", "xvda", "monday", ROOT)))["kind"] == "invalid", "it is raw"
    for wrong in ("", "a b", "a/b", ".hidden", "x" * 65):
        with pytest.raises(XeniaError, match="is no name of a bitmap"):
            bitmaps.create("a", "xvda", wrong, ROOT)
    await done(manager, manager.moves.move("a", "xvda", f"{base}.qcow2", ROOT, form=ImageFormat.QCOW2))
    assert (await failed(manager, bitmaps.create("a", "xvda", "monday", OPERATOR)))["kind"] == "denied"
    result = await done(manager, bitmaps.create("a", "/dev/xvda", "monday", ROOT))
    assert (result["domain"], result["disk"]["target"]) == ("a", "xvda")
    assert (await failed(manager, bitmaps.create("a", "xvda", "monday", ROOT)))["kind"] == "conflict"
    viewer = Caller(1, "looker", Role.VIEWER)
    assert [(each.target, each.name) for each in await bitmaps.list("a", viewer)] == [("xvda", "monday")]
    with pytest.raises(XeniaError, match="needs the role operator"):
        bitmaps.create("a", "xvda", "tuesday", viewer)
    async with offered(manager, bitmap="monday") as job:
        await manager.images.jobs.cancel(job.id, ROOT)
    (guest,) = world.host.guests.values()
    guest.bitmaps["xvda"]["monday"] = replace(guest.bitmaps["xvda"]["monday"], problem="it was not written back")
    for name, kind in (("monday", "conflict"), ("sunday", "not_found")):
        error = await failed(manager, manager.exports.export("a", "xvda", ROOT, bitmap=name))
        assert (error["kind"], "a full backup" in error["hint"]) == (kind, True)
    await done(manager, bitmaps.delete("a", "xvda", "monday", ROOT))
    assert (await failed(manager, bitmaps.delete("a", "xvda", "monday", ROOT)))["kind"] == "not_found"
    assert nothing_left(world, manager)


async def test_who_cancels_twice_leaves_nothing_either(manager: Manager, world: World) -> None:
    tasks = Tasks()
    async with offered(manager) as job:
        async with manager._turns.of(manager.inventory.find("a")):
            cancels = []
            for _ in range(3):  # each is to meet it while it waits for the turn of the domain
                cancels.append(tasks.start(manager.images.jobs.cancel(job.id, ROOT), name="cancel"))
                await asyncio.wait(cancels, timeout=0.05)
            assert the_export(world)
        assert [each.state for each in await asyncio.gather(*cancels)] == [JobState.CANCELLED] * 3
    assert nothing_left(world, manager)


async def test_on_xen_it_is_refused_with_the_reason_and_the_way_out(manager: Manager, world: World) -> None:
    await manager.close()
    world.host.like_xen = True
    again = world.boot()
    await again.start()
    with pytest.raises(XeniaError, match="block-export") as raised:
        again.exports.export("a", "xvda", ROOT)
    assert "while it is off: xm disk export" in (raised.value.hint or "")
    assert "what a guest overwrites" in LACKS[Capability.DISK_EXPORT]
    await again.close()


async def test_the_end_of_xend_ends_it(manager: Manager, world: World) -> None:
    async with offered(manager):
        await manager.close()
    assert nothing_left(world, manager)
