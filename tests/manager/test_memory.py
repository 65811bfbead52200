"""mem-set and mem-max: in the domain that runs, in its guest file, in both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, crash, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.model.scope import Scope

WEB = """\
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
memory = 256  # MiB
"""
OPERATOR = Caller(1000, "op", Role.OPERATOR)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    return folder


@pytest.fixture(params=["like Xen"])
def world(etc: Path, request: pytest.FixtureRequest) -> World:
    world = World(folder=etc, read=read_really)
    world.host.like_xen = request.param == "like Xen"
    return world


async def start(manager: Manager, file: Path, *overrides: str) -> str:
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file), overrides), ROOT).id, 10)
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return str(job.result["uuid"])


async def ended(manager: Manager, verb: str, size: int, scope: Scope = Scope.BOTH, caller: Caller = ROOT) -> Job:
    await manager.inventory.look_up("web")
    return await manager.wait(manager.memory.resize(verb, "web", size, scope, caller).id, 10)


async def done(
    manager: Manager, verb: str, size: int, scope: Scope = Scope.BOTH, caller: Caller = ROOT
) -> dict[str, Any]:
    job = await ended(manager, verb, size, scope, caller)
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return job.result


async def test_memory_is_given_back_and_the_file_keeps_the_way_up(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    result = await done(manager, "mem-set", 128)
    assert result == {"domain": "web", "memory": 128, "file": str(etc / "web.cfg"), "notes": ()}
    assert (etc / "web.cfg").read_text() == WEB.replace("256", "128") + "maxmem = 256\n"
    (_, web) = await manager.inventory.list()
    assert (web.memory, web.max_memory) == (128, 256)
    await done(manager, "mem-set", 256)
    assert "memory = 256" in (etc / "web.cfg").read_text()


async def test_what_it_was_given_it_has_when_a_policy_starts_it_anew(manager: Manager, world: World, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    await done(manager, "mem-set", 128, Scope.LIVE)
    world.now += 100
    await crash(world, manager, uuid)
    guest = world.host.guests[uuid]
    assert (guest.memory, guest.max_memory) == (128, 256)
    await done(manager, "mem-set", 256, Scope.LIVE)


async def test_only_the_domain_or_only_the_file(manager: Manager, world: World, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    assert (await done(manager, "mem-set", 128, Scope.LIVE))["file"] == ""
    assert (etc / "web.cfg").read_text() == WEB
    assert (await done(manager, "mem-set", 512, Scope.CONFIG))["memory"] is None
    assert world.host.guests[uuid].memory == 128
    assert (etc / "web.cfg").read_text() == WEB.replace("256", "512")


async def test_what_does_not_run_has_its_file_changed(manager: Manager, etc: Path) -> None:
    assert (await done(manager, "mem-set", 64))["memory"] is None
    await done(manager, "mem-max", 128)
    assert (etc / "web.cfg").read_text() == WEB.replace("256", "64") + "maxmem = 128\n"
    with pytest.raises(XeniaError, match="it is not running"):
        manager.memory.resize("mem-set", "web", 64, Scope.LIVE, ROOT)


async def test_the_bounds_are_told_with_their_numbers(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    error = (await ended(manager, "mem-set", 512)).error
    assert error is not None
    assert (error["kind"], error["detail"]) == ("invalid", "domain 'web' may have 256 MiB at most, not 512")
    assert error["hint"] == "raise that first: xm mem-max web 512"
    error = (await ended(manager, "mem-max", 128)).error
    assert error is not None
    assert error["detail"] == "domain 'web' has 256 MiB now, more than 128"
    assert (etc / "web.cfg").read_text() == WEB
    await done(manager, "mem-max", 512)
    error = (await ended(manager, "mem-set", 1024, Scope.CONFIG)).error
    assert error is not None
    assert error["detail"] == "the guest file of 'web' has maxmem = 512, less than 1024"
    error = (await ended(manager, "mem-max", 128, Scope.CONFIG)).error
    assert error is not None
    assert error["detail"] == "the guest file of 'web' has memory = 256, more than 128"
    await done(manager, "mem-set", 512)
    assert (etc / "web.cfg").read_text() == WEB.replace("256", "512") + "maxmem = 512\n"
    started = manager.inventory.started("web")
    assert started is not None
    assert started.config.max_memory == 512, "a restart has it, too"


@pytest.mark.parametrize("world", ["like QEMU"], indirect=True)
async def test_where_the_bound_is_the_machines_the_file_can_be_changed(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    with pytest.raises(XeniaError, match="cannot do it") as raised:
        manager.memory.resize("mem-max", "web", 512, Scope.BOTH, ROOT)
    assert raised.value.hint == "xm mem-max --config sets it for the next start"
    await done(manager, "mem-max", 512, Scope.CONFIG)
    assert (etc / "web.cfg").read_text() == WEB + "maxmem = 512\n"


async def test_a_guest_that_does_not_listen_is_told_with_what_it_has(world: World, manager: Manager, etc: Path) -> None:
    world.host.deaf.add("web")
    await start(manager, etc / "web.cfg")
    result = await done(manager, "mem-set", 128)
    assert result["memory"] == 256
    assert "has 256 MiB so far, not 128" in result["notes"][-1]


async def test_when_the_engine_refuses_the_file_is_as_it_was(world: World, manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    fine = world.host.step

    async def step(name: str) -> None:
        if name == "set memory":
            raise XeniaError("too little", kind=ErrorKind.UNAVAILABLE)
        await fine(name)

    world.host.step = step
    assert (await ended(manager, "mem-set", 128)).state is JobState.FAILED
    assert (etc / "web.cfg").read_text() == WEB


async def test_a_file_elsewhere_is_not_touched(manager: Manager, etc: Path, tmp_path: Path) -> None:
    file = tmp_path / "web.cfg"
    file.write_text(WEB)
    (etc / "web.cfg").unlink()
    await start(manager, file)
    assert (await done(manager, "mem-set", 128))["file"] == ""
    error = (await ended(manager, "mem-set", 128, Scope.CONFIG)).error
    assert error is not None
    assert "does not lie in" in error["detail"]
    assert file.read_text() == WEB


@pytest.mark.parametrize("scope", [Scope.BOTH, Scope.CONFIG])
async def test_a_file_that_is_called_so_and_defines_another_domain_is_not_touched(
    manager: Manager, etc: Path, tmp_path: Path, scope: Scope
) -> None:
    others = WEB.replace("web", "other")
    assert others != WEB
    (etc / "web.cfg").write_text(others)
    (tmp_path / "web.cfg").write_text(WEB)
    await start(manager, tmp_path / "web.cfg")
    job = await ended(manager, "mem-set", 128, scope)
    assert (job.error is None) is (scope is Scope.BOTH)
    assert (etc / "web.cfg").read_text() == others


async def test_operators_change_what_runs_and_no_files(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    assert (await done(manager, "mem-set", 128, caller=OPERATOR))["file"] == ""
    with pytest.raises(XeniaError, match="administrator"):
        manager.memory.resize("mem-set", "web", 64, Scope.CONFIG, OPERATOR)
    for scope in Scope:
        with pytest.raises(XeniaError, match="Domain-0"):
            manager.memory.resize("mem-set", "0", 64, scope, ROOT)
