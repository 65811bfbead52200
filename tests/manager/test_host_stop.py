"""All domains end with the host: in the reverse order, within their time, and come back with it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.host_stop import StopSettings
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.domain import Definition, DomainConfig, Phase, Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.host_run import HostRun
from xenia.model.job import JobState
from xenia.model.request import CreateRequest

SHORT = 0.05
"""Seconds that a guest is waited for which never answers."""


def text(name: str, more: str = "") -> str:
    return f"name = '{name}'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\n{more}\n"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    (folder / "auto").mkdir(parents=True)
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


def settings(manager: Manager, **changes: Any) -> None:
    manager.host_power.host_stop.settings = StopSettings(**changes)


async def start(manager: Manager, etc: Path, name: str, more: str = "", *overrides: str, paused: bool = False) -> None:
    file = etc / f"{name}.cfg"
    file.write_text(text(name, more))
    job = manager.create(CreateRequest(file.read_text(), str(file), overrides, paused), ROOT)
    assert (await manager.wait(job.id, 10)).state is JobState.DONE, manager.job(job.id).error


async def host_stop(manager: Manager, timeout: float | None = None) -> HostRun:
    return await ended(manager, manager.host_power.stop(timeout, ROOT).id)


async def host_start(manager: Manager) -> HostRun:
    return await ended(manager, manager.host_power.start(ROOT).id)


async def ended(manager: Manager, number: int) -> HostRun:
    job = await manager.wait(number, 20)
    assert job.state is JobState.DONE, job.error
    run = manager.host_power.runs.last
    assert run is not None
    return run


def told(run: HostRun) -> dict[str, str]:
    return {row.domain: f"{row.state}: {row.detail}" if row.detail else row.state.value for row in run.rows}


def names(world: World, kind: EventKind) -> list[str]:
    return [event.domain for event in world.published if event.kind is kind]


async def test_they_end_in_the_reverse_order_and_nothing_is_left(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "db")
    await start(manager, etc, "web", "start_after = ['db']")
    await start(manager, etc, "front", "start_after = ['web']")
    for name, entry in (("db", "20-db"), ("mail", "10-mail")):
        (etc / "auto" / entry).symlink_to(f"../{name}.cfg")
    await start(manager, etc, "mail")
    run = await host_stop(manager)
    assert told(run) == dict.fromkeys(("db", "web", "front", "mail"), "stopped")
    assert run.ended_at is not None
    assert names(world, EventKind.ENDED) == ["front", "web", "db", "mail"]
    assert not world.host.guests
    assert not world.runs()


async def test_policies_do_not_count(manager: Manager, world: World, etc: Path) -> None:
    for action in ("restart", "preserve", "rename-restart"):
        await start(manager, etc, action, f"on_poweroff = '{action}'\non_crash = '{action}'")
    world.now += 1000
    assert set(told(await host_stop(manager)).values()) == {"stopped"}
    assert not world.host.guests


async def test_one_that_hangs_is_destroyed_when_its_time_is_up(manager: Manager, world: World, etc: Path) -> None:
    settings(manager, stop_timeout=SHORT)
    world.host.deaf = {"deaf"}
    await start(manager, etc, "deaf")
    await start(manager, etc, "good")
    run = await host_stop(manager)
    assert told(run) == {"deaf": "destroyed: it had not shut down within 0 s", "good": "stopped"}
    assert not world.host.guests


async def test_all_together_are_bounded(manager: Manager, world: World, etc: Path) -> None:
    world.host.deaf = {"front"}
    await start(manager, etc, "db", "stop_timeout = 3600")
    await start(manager, etc, "front", "start_after = ['db']\nstop_timeout = 3600")

    def clock() -> float:
        return world.now + (SHORT if names(world, EventKind.ENDED) else 0)

    object.__setattr__(manager.host_power.host_stop.lifecycle, "clock", clock)
    run = await host_stop(manager, SHORT)
    assert told(run) == {
        "db": "destroyed: there was no time to ask it",
        "front": "destroyed: it had not shut down within 0 s",
    }
    assert not world.host.guests


async def test_at_once_nobody_is_asked(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "web")
    assert told(await host_stop(manager, 0)) == {"web": "destroyed: there was no time to ask it"}
    assert names(world, EventKind.SHUTTING_DOWN) == []


async def test_a_paused_one_runs_on_to_shut_down_and_comes_back_paused(
    manager: Manager, world: World, etc: Path
) -> None:
    await start(manager, etc, "web", paused=True)
    assert told(await host_stop(manager)) == {"web": "stopped"}
    await host_start(manager)
    assert manager.inventory.find("web").state is State.PAUSED


async def test_one_that_is_preserved_is_removed_and_does_not_come_back(
    manager: Manager, world: World, etc: Path
) -> None:
    await start(manager, etc, "web", "on_crash = 'preserve'")
    with manager.listen() as listener:
        world.host.crash(manager.inventory.find("web").uuid)
        await anext(listener)
    assert told(await host_stop(manager)) == {"web": "destroyed: it had ended before, and was preserved"}
    assert (await host_start(manager)).rows == ()


async def test_when_the_engine_refuses_to_ask_it_is_destroyed(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "web")
    fine = world.host.step

    async def step(name: str) -> None:
        if name == "shutdown":
            raise XeniaError("no power button", kind=ErrorKind.ENGINE_FAILED)
        await fine(name)

    world.host.step = step
    assert told(await host_stop(manager)) == {"web": "destroyed: it could not be asked to shut down: no power button"}


async def test_one_that_cannot_be_ended_is_told_and_the_others_end(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "bad")
    await start(manager, etc, "good")
    fine, uuid = world.host.step, manager.inventory.find("bad").uuid

    async def step(name: str) -> None:
        if name in ("shutdown", "destroy") and uuid in world.host.guests and len(world.host.guests) == 1:
            raise XeniaError("it is stuck", kind=ErrorKind.ENGINE_FAILED)
        await fine(name)

    world.host.step = step
    (etc / "auto/1-bad").symlink_to("../bad.cfg")
    assert told(await host_stop(manager)) == {"bad": "failed: it cannot be ended: it is stuck", "good": "stopped"}
    world.host.step = fine


async def test_what_ran_comes_back_from_its_file_with_its_words(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "web", "", "memory=32", "name=shop")
    await start(manager, etc, "db")
    (etc / "auto/db").symlink_to("../db.cfg")
    await host_stop(manager)
    assert set(told(await host_start(manager))) == {"shop", "db"}
    started = manager.inventory.started("shop")
    assert started is not None
    assert (started.config.memory, started.definition) == (
        32,
        Definition(str(etc / "web.cfg"), ("memory=32", "name=shop")),
    )
    await manager.wait(manager.operate("destroy", "shop", ROOT).id, 10)
    assert told(await host_start(manager)) == {"db": "runs already"}  # it came back once


async def test_what_an_operator_has_started_comes_back_without_more_rights(
    manager: Manager, world: World, etc: Path
) -> None:
    """Its file may be anybody's by now, or name what only root may read: it comes back as it ran."""
    file = etc / "web.cfg"
    request = CreateRequest(text("web"), str(file), ("memory=32",))
    await manager.wait(manager.create(request, Caller(1000, "op", Role.OPERATOR)).id, 10)
    file.write_text(text("web", "disk = ['file:/etc/shadow,xvda,r']"))
    await host_stop(manager)
    assert told(await host_start(manager)) == {"web": "started: id 2"}
    started = manager.inventory.started("web")
    assert started is not None
    assert (started.trusted, started.config.disks, started.config.memory) == (False, (), 32)
    await host_stop(manager)
    (etc / "auto/web").symlink_to("../web.cfg")  # now an administrator wants what the file says
    await host_start(manager)
    started = manager.inventory.started("web")
    assert started is not None
    assert (started.trusted, len(started.config.disks)) == (True, 1)


async def test_one_without_a_file_comes_back_as_it_ran(manager: Manager, world: World) -> None:
    await manager.wait(manager.create(CreateRequest(text("web", "vcpus = 3")), ROOT).id, 10)
    await host_stop(manager)
    assert told(await host_start(manager)) == {"web": "started: id 2"}
    started = manager.inventory.started("web")
    assert started is not None
    assert (started.config.vcpus, started.definition.file) == (3, "")


async def test_the_next_boot_brings_it_back_unless_it_is_told_not_to(world: World, etc: Path) -> None:
    manager = world.boot()
    await manager.start()
    await start(manager, etc, "web")
    await host_stop(manager)
    await manager.close()
    world.boot_id = "second"
    again = world.boot()
    await again.start()
    await ended(again, again.jobs()[-1].id)
    assert again.inventory.find("web").state is State.RUNNING
    await host_stop(again)
    await again.close()
    world.boot_id = "third"
    third = world.boot()
    object.__setattr__(third.host_power.host_start, "bring_back", False)
    await third.start()
    assert not world.host.guests
    await third.close()


async def test_a_second_stop_forgets_nothing(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "web")
    await host_stop(manager)
    await start(manager, etc, "db")
    await host_stop(manager)
    assert told(await host_stop(manager)) == {"web": "stopped", "db": "stopped"}
    assert set(told(await host_start(manager)).values()) == {"started: id 3", "started: id 4"}


async def test_a_file_that_is_gone_is_told_and_tried_again_next_time(manager: Manager, world: World, etc: Path) -> None:
    await start(manager, etc, "web")
    await host_stop(manager)
    content = (etc / "web.cfg").read_text()
    (etc / "web.cfg").unlink()
    assert "No such file" in told(await host_start(manager))["web"]
    (etc / "web.cfg").write_text(content)
    assert told(await host_start(manager)) == {"web": "started: id 2"}


async def test_no_domain_is_started_meanwhile(manager: Manager, world: World, etc: Path) -> None:
    settings(manager, stop_timeout=3600)
    world.host.deaf = {"slow"}
    await start(manager, etc, "slow")
    (etc / "new.cfg").write_text(text("new"))
    with manager.listen() as listener:
        job = manager.host_power.stop(None, ROOT)
        await anext(listener)
        second = await manager.wait(manager.create(CreateRequest(text("new")), ROOT).id, 10)
        assert second.error is not None
        assert second.error["detail"] == "the host is being stopped: no domain is started now"
        for action in (manager.host_power.start, lambda caller: manager.host_power.stop(0, caller)):
            with pytest.raises(XeniaError, match="a host-stop is under way"):
                action(ROOT)
        world.host.power_off(manager.inventory.find("slow").uuid)
    await ended(manager, job.id)
    assert (await manager.wait(manager.create(CreateRequest(text("new")), ROOT).id, 10)).state is JobState.DONE


async def test_a_start_that_is_under_way_ends(world: World, etc: Path) -> None:
    for name, more in (("db", "start_delay = 3600"), ("web", "")):
        (etc / f"{name}.cfg").write_text(text(name, more))
        (etc / "auto" / name).symlink_to(f"../{name}.cfg")
    manager = world.boot()
    await manager.start()
    while "db" not in names(world, EventKind.STARTED):
        await manager.wait(manager.jobs()[0].id, 0.01)
    assert told(await host_stop(manager)) == {"db": "stopped"}
    assert not world.host.guests
    await manager.close()


async def test_an_xend_that_was_killed_within_it_is_followed_by_one_that_goes_on(world: World, etc: Path) -> None:
    world.host.deaf = {"slow"}
    manager = world.boot()
    await manager.start()
    await start(manager, etc, "slow", "on_poweroff = 'restart'")
    await start(manager, etc, "db")
    (etc / "auto/1-db").symlink_to("../db.cfg")
    with manager.listen() as listener:
        manager.host_power.stop(None, ROOT)
        await anext(listener)
    await manager.close()
    assert len(world.host.guests) == 2
    world.host.power_off(next(uuid for uuid, guest in world.host.guests.items() if guest.deaf))
    again = world.boot()
    await again.start()
    assert told(await ended(again, again.jobs()[-1].id)) == {"slow": "stopped", "db": "stopped"}
    assert not world.host.guests
    await again.close()


async def test_domains_of_others_end_too_and_do_not_come_back(etc: Path) -> None:
    world = World(folder=etc, read=read_really)
    world.host.like_xen = True
    manager = world.boot()
    await manager.start()
    uuid = "00000000-0000-4000-8000-00000000beef"
    with manager.listen() as listener:
        world.host.start_foreign(
            Started(uuid, 0, DomainConfig("old"), Definition(), (), "simulated", 1.0, phase=Phase.RUNNING, foreign=True)
        )
        await anext(listener)
    settings(manager, stop_timeout=SHORT)
    assert list(told(await host_stop(manager))) == ["old"]
    assert not world.host.guests
    assert (await host_start(manager)).rows == ()
    await manager.close()


async def test_fifty_guests(manager: Manager, world: World, etc: Path) -> None:
    settings(manager, stop_timeout=SHORT)
    world.host.deaf = {"g07", "g33"}
    for number in range(50):
        await start(manager, etc, f"g{number:02d}", f"start_after = ['g{number - 1:02d}']" if number % 5 else "")
    run = await host_stop(manager)
    assert [row.domain for row in run.rows if row.state == "destroyed"] == ["g07", "g33"]
    gone = names(world, EventKind.ENDED)
    assert all(gone.index(f"g{n:02d}") < gone.index(f"g{n - 1:02d}") for n in range(50) if n % 5)
    assert len(set(told(await host_start(manager)))) == 50


async def test_methods_that_are_not_possible_yet_are_told(manager: Manager, etc: Path) -> None:
    settings(manager, methods=("migrate", "save", "shutdown"))
    assert (await host_stop(manager)).notes == ("migrate is not possible yet",)


async def test_guests_are_put_away_and_go_on_with_the_host(world: World, manager: Manager, etc: Path) -> None:
    settings(manager, methods=("save", "shutdown"))
    await start(manager, etc, "a")
    await start(manager, etc, "b", "start_after = ['a']", paused=True)
    for guest in world.host.guests.values():
        guest.boots = 42
    run = await host_stop(manager)
    assert [(row.domain, row.state.value) for row in run.rows] == [("a", "suspended"), ("b", "suspended")]
    assert names(world, EventKind.SAVED) == ["b", "a"]
    assert not world.host.guests
    run = await host_start(manager)
    assert [row.detail.split(",")[0] for row in run.rows] == ["resumed", "resumed"]
    guests = {guest.name: guest for guest in world.host.guests.values()}
    assert [(guests[name].boots, guests[name].state) for name in "ab"] == [(42, State.RUNNING), (42, State.PAUSED)]


async def test_what_cannot_be_put_away_is_shut_down(world: World, manager: Manager, etc: Path) -> None:
    settings(manager, methods=("save", "shutdown"))
    await start(manager, etc, "a")

    async def refuse(name: str) -> None:
        if name == "save":
            raise XeniaError("it has a device of the host", kind=ErrorKind.CONFLICT)

    world.host.step = refuse
    run = await host_stop(manager)
    assert [row.state.value for row in run.rows] == ["stopped"]
    assert names(world, EventKind.SAVED) == []


async def test_what_takes_too_long_to_put_away_is_asked_and_then_destroyed(
    world: World, manager: Manager, etc: Path
) -> None:
    settings(manager, methods=("save", "shutdown"), stop_timeout=SHORT)
    world.host.deaf.add("a")
    await start(manager, etc, "a")

    async def hang(name: str) -> None:
        if name == "save":
            await asyncio.Event().wait()

    world.host.step = hang
    (row,) = (await host_stop(manager)).rows
    assert row.state.value == "destroyed"
    assert row.detail.startswith("it was not saved within 0 s; it had not shut down within 0 s")
    world.host.step = _nothing
    (row,) = (await host_start(manager)).rows
    assert row.detail.startswith("id "), "it boots"


async def _nothing(name: str) -> None:
    pass


async def test_it_is_for_administrators(manager: Manager) -> None:
    with pytest.raises(XeniaError, match="host-stop needs the role administrator"):
        manager.host_power.stop(None, Caller(1000, "op", Role.OPERATOR))
