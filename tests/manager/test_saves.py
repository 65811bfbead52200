"""Saving domains and letting them go on: what becomes of them, and what speaks against it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.world import ROOT, World, request

from xenia.manager.manager import Manager
from xenia.model.agent import AgentInfo
from xenia.model.caller import Caller, Role
from xenia.model.domain import State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.save import Afterwards, RestoreRequest, SaveRequest

OPERATOR = Caller(1, "o", Role.OPERATOR)
FILE = "/srv/a.save"


async def run(manager: Manager, name: str = "a", **words: str) -> None:
    job = await manager.wait(manager.create(request(name, **words), ROOT).id, 10)
    assert job.state is JobState.DONE, job


async def save(manager: Manager, then: Afterwards = Afterwards.END) -> Job:
    return await manager.wait(manager.saving.save("a", SaveRequest(FILE, then), ROOT).id, 10)


async def restore(manager: Manager, **words: bool) -> Job:
    return await manager.wait(manager.saving.restore(RestoreRequest(FILE, **words), ROOT).id, 10)


def said(job: Job) -> str:
    assert job.state is JobState.FAILED
    assert job.error is not None
    return f"{job.error['detail']}; {job.error['hint']}"


async def test_a_domain_ends_and_goes_on(world: World, manager: Manager) -> None:
    await run(manager, disk="/a")
    (guest,) = world.host.guests.values()
    guest.boots = 42
    job = await save(manager)
    assert job.result == {"domain": "a", "file": FILE}
    assert not world.host.guests
    assert (await restore(manager)).state is JobState.DONE
    (guest,) = world.host.guests.values()
    assert (guest.boots, guest.state) == (42, State.RUNNING)
    assert [event.kind.value for event in world.published] == ["started", "saved", "ended", "restored"]
    record = world.files[f"var/lib/xenia/domains/{guest.started.uuid}.json"]
    assert b'"a"' in record


async def test_an_image_is_known_by_its_path_from_the_root_on(world: World, manager: Manager) -> None:
    job = manager.create(replace(request("a", disk="a.img"), file="/etc/xen/a.cfg"), ROOT)
    assert (await manager.wait(job.id, 10)).state is JobState.DONE
    await save(manager)
    assert [stamp.path for stamp in world.saves[Path(FILE)].info.disks] == ["/etc/xen/a.img"]


async def test_the_save_of_an_administrator_is_copied(world: World, manager: Manager) -> None:
    """It stays, and may be restored again."""
    await run(manager)
    await save(manager)
    (kept,) = world.saves.values()
    assert (await restore(manager)).state is JobState.DONE
    assert kept.lendings == 0


async def test_it_runs_on_or_stays_paused(world: World, manager: Manager) -> None:
    await run(manager)
    (guest,) = world.host.guests.values()
    job = await save(manager, Afterwards.RUN)
    assert job.result is not None
    assert job.result["stood_still"]["why"] == "it is simulated"
    assert guest.state is State.RUNNING
    assert (await save(manager, Afterwards.PAUSE)).state is JobState.DONE
    assert manager.inventory.find("a").state is State.PAUSED
    world.host.background = True
    job = await save(manager, Afterwards.RUN)
    assert job.result == {"domain": "a", "file": FILE, "stood_still": None}, "it did not run"
    assert guest.state is State.PAUSED, "it was paused before"
    assert (await manager.wait(manager.operate("unpause", "a", ROOT).id, 10)).state is JobState.DONE
    job = await save(manager, Afterwards.RUN)
    assert job.result is not None
    assert job.result["stood_still"] == {"seconds": 0.008, "why": ""}
    assert guest.state is State.RUNNING


async def test_a_restored_one_may_stay_paused(world: World, manager: Manager) -> None:
    await run(manager)
    await save(manager)
    assert (await restore(manager, paused=True)).state is JobState.DONE
    assert manager.inventory.find("a").state is State.PAUSED


@pytest.mark.parametrize("step", range(1, 12))
async def test_what_fails_lets_it_run_on(world: World, manager: Manager, step: int) -> None:
    await run(manager)
    world.fail_at = world.steps + step
    job = await save(manager)
    world.fail_at = None
    if job.state is JobState.FAILED:
        (guest,) = world.host.guests.values()
        assert guest.state is State.RUNNING
        assert not world.saves
        started = manager.inventory.started("a")
        assert started is not None
        assert started.saving is None


async def test_a_save_that_is_cancelled_lets_it_run_on(world: World, manager: Manager) -> None:
    await run(manager)
    reached = asyncio.Event()

    async def hang(name: str) -> None:
        if name == "saved state":
            reached.set()
            await asyncio.Event().wait()

    world.host.step = hang
    job = manager.saving.save("a", SaveRequest(FILE), ROOT)
    assert job.cancellable
    await reached.wait()
    with pytest.raises(XeniaError) as raised:
        await manager.cancel(job.id, OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED
    job = await manager.cancel(job.id, ROOT)
    assert job.state is JobState.CANCELLED
    (guest,) = world.host.guests.values()
    assert guest.state is State.RUNNING
    assert not world.saves
    world.host.step = world.step


async def test_others_cannot_be_cancelled(world: World, manager: Manager) -> None:
    world.time_stands = True
    job = manager.create(request("a"), ROOT)
    with pytest.raises(XeniaError, match="cannot be cancelled"):
        await manager.cancel(job.id, ROOT)
    await manager.wait(job.id, 10)


async def test_what_speaks_against_going_on(world: World, manager: Manager) -> None:
    await run(manager, disk="/a")
    assert "there is no file" in said(await restore(manager))
    await save(manager, Afterwards.RUN)
    assert "exists already" in said(await restore(manager))
    await manager.wait(manager.operate("destroy", "a", ROOT).id, 10)
    world.written["/a"] = 17
    assert "the image /a of xvda has 17 bytes now" in said(await restore(manager))
    assert "xm restore --changed /srv/a.save" in said(await restore(manager))
    assert (await restore(manager, changed=True)).state is JobState.DONE
    await save(manager)
    kept = world.saves[Path(FILE)]
    other = replace(kept.info, started=replace(kept.info.started, engine="qemu"))
    kept.info, kept_info = other, kept.info
    assert "was saved by the engine qemu, and this host has simulated" in said(await restore(manager))
    kept.info = replace(kept_info, started=replace(kept_info.started, uuid="another"))
    assert "another domain is called 'a' here" in said(await restore(manager))
    assert not world.host.guests


async def test_a_card_is_in_one_domain_only(world: World, manager: Manager) -> None:
    await run(manager)
    await save(manager)
    await run(manager, "b")
    kept = world.saves[Path(FILE)]
    other = manager.inventory.started("b")
    assert other is not None
    for entry in manager._saves.lifecycle.table:
        entry.started = replace(entry.started, macs=("00:16:3e:00:00:01",))
    kept.info = replace(kept.info, started=replace(kept.info.started, macs=("00:16:3e:00:00:01",)))
    assert "domain 'b' has the address 00:16:3e:00:00:01" in said(await restore(manager))


async def test_files_of_strangers_give_no_rights(world: World, manager: Manager) -> None:
    await run(manager)
    await save(manager)
    world.saves[Path(FILE)].trusted = False
    assert (await restore(manager)).state is JobState.DONE
    started = manager.inventory.started("a")
    assert started is not None
    assert not started.trusted


async def test_only_administrators_save_and_restore(manager: Manager) -> None:
    await run(manager)
    for action in (
        lambda: manager.saving.save("a", SaveRequest(FILE), OPERATOR),
        lambda: manager.saving.restore(RestoreRequest(FILE), OPERATOR),
    ):
        with pytest.raises(XeniaError) as raised:
            action()
        assert raised.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError):
        await manager.saving.look(FILE, OPERATOR)


async def test_a_frozen_guest_is_thawed_before(world: World, manager: Manager) -> None:
    world.host.agents["a"] = AgentInfo("simulated")
    await run(manager)
    await manager.wait(manager.freezing.start("agent-freeze", "a", ROOT).id, 10)
    assert (await save(manager, Afterwards.RUN)).state is JobState.DONE
    assert not world.saves[Path(FILE)].info.started.frozen
    await manager.wait(manager.freezing.start("agent-freeze", "a", ROOT).id, 10)
    world.host.mute.add("a")
    assert "is frozen, and its agent does not thaw it" in said(await save(manager))


async def test_a_look_at_a_save(manager: Manager) -> None:
    await run(manager)
    await save(manager)
    info = await manager.saving.look(FILE, ROOT)
    assert (info.started.config.name, info.host, info.traits) == ("a", "sim", {"version": "1"})
