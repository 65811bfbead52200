"""suspend and resume: a domain is put away and goes on, whatever comes between."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.world import ROOT, World, read_really, request

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.domain import Domain, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest

OPERATOR = Caller(1, "o", Role.OPERATOR)


async def run(manager: Manager, name: str = "a", **words: str) -> Job:
    return await manager.wait(manager.create(request(name, **words), ROOT).id, 10)


async def suspend(manager: Manager) -> Job:
    return await manager.wait(manager.suspending.suspend("a", ROOT).id, 10)


async def resume(manager: Manager, **words: bool) -> Job:
    return await manager.wait(manager.suspending.resume("a", ROOT, **words).id, 10)


async def shown(manager: Manager) -> list[Domain]:
    return [each for each in await manager.inventory.list(everything=True) if each.name != "Domain-0"]


async def test_a_domain_is_put_away_and_goes_on(world: World, manager: Manager) -> None:
    await run(manager, disk="/a")
    (guest,) = world.host.guests.values()
    guest.boots = 42
    assert (await suspend(manager)).result == {"domain": "a"}
    assert not world.host.guests
    (domain,) = await shown(manager)
    assert (domain.name, domain.suspended, domain.state) == ("a", True, State.DEFINED)
    assert "xm resume lets it go on" in domain.ending
    (file,) = world.saves
    job = await resume(manager)
    assert job.result is not None
    assert (job.result["domain"], job.result["uuid"]) == ("a", guest.started.uuid)
    (guest,) = world.host.guests.values()
    assert guest.boots == 42
    assert (world.saves, file.parent) == ({}, Path("/var/lib/xenia/saves"))
    (domain,) = await shown(manager)
    assert not domain.suspended


async def test_it_may_stay_paused_and_is_known_to_the_next_xend(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    await manager.close()
    again = world.boot()
    await again.start()
    (domain,) = await shown(again)
    assert domain.suspended
    assert (await resume(again, paused=True)).state is JobState.DONE
    assert again.inventory.find("a").state is State.PAUSED
    await again.close()


async def test_nothing_is_started_beside_what_is_suspended(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    job = await run(manager)
    assert job.error is not None
    assert job.error["detail"] == "domain 'a' is suspended"
    assert "xm resume --discard a" in job.error["hint"]
    renamed = await manager.wait(manager.renaming.rename("a", "b", ROOT).id, 10)
    assert renamed.error is not None
    assert renamed.error["detail"] == "domain 'a' is suspended"


async def test_what_it_was_doing_is_forgotten_where_that_is_wanted(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    assert (await manager.wait(manager.suspending.discard("a", ROOT).id, 10)).state is JobState.DONE
    assert world.saves == {}
    assert await shown(manager) == []
    assert (await run(manager)).state is JobState.DONE


async def test_a_disk_that_was_written_to_is_in_the_way(world: World, manager: Manager) -> None:
    await run(manager, disk="/a")
    await suspend(manager)
    world.written["/a"] = 7
    job = await resume(manager)
    assert job.error is not None
    assert "the image /a of xvda has 7 bytes now" in job.error["detail"]
    assert job.error["hint"] == "where that is known to be harmless: xm resume --changed a"
    assert (await shown(manager))[0].suspended
    assert (await resume(manager, changed=True)).state is JobState.DONE


@pytest.mark.parametrize("step", range(1, 14))
async def test_what_fails_leaves_it_running_or_suspended(world: World, manager: Manager, step: int) -> None:
    await run(manager)
    world.fail_at = world.steps + step
    job = await suspend(manager)
    world.fail_at = None
    (domain,) = await shown(manager)
    assert domain.suspended is (job.state is JobState.DONE)
    assert domain.suspended is not bool(world.host.guests)


@pytest.mark.parametrize("step", range(1, 24))
async def test_what_goes_on_is_not_suspended_whatever_fails(world: World, manager: Manager, step: int) -> None:
    await run(manager)
    await suspend(manager)
    world.fail_at = world.steps + step
    await resume(manager)
    world.fail_at = None
    (guest,) = world.host.guests.values() or (None,)
    (domain,) = await shown(manager)
    assert domain.suspended is (guest is None)
    if guest is not None:
        await manager.wait(manager.operate("destroy", "a", ROOT).id, 10)
        assert await shown(manager) == []


async def test_its_memory_is_mapped_where_nobody_can_have_touched_it(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    (save,) = world.saves.values()
    world.fail_at = world.steps + 3
    assert (await resume(manager)).state is JobState.FAILED
    world.fail_at = None
    lendings = save.lendings
    assert lendings == 1
    assert (await resume(manager)).state is JobState.DONE
    assert save.lendings == 1, "its file has been in the hands of a QEMU"


async def test_it_is_copied_after_another_boot_of_the_host(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    (save,) = world.saves.values()
    await manager.close()
    world.boot_id = "another"
    again = world.boot()
    await again.start()
    assert (await resume(again)).state is JobState.DONE
    assert save.lendings == 0
    await again.close()


async def test_another_save_in_its_place_is_refused(world: World, manager: Manager) -> None:
    await run(manager)
    await suspend(manager)
    (save,) = world.saves.values()
    save.id = "another"
    job = await resume(manager)
    assert job.error is not None
    assert "is not the save that was written there" in job.error["detail"]
    assert "xm resume --discard a" in job.error["hint"]
    assert (await shown(manager))[0].suspended


async def test_what_cannot_be_is_said(world: World, manager: Manager) -> None:
    await run(manager)
    for caller, kind in ((OPERATOR, ErrorKind.DENIED), (ROOT, ErrorKind.CONFLICT)):
        with pytest.raises(XeniaError) as caught:
            manager.suspending.resume("a", caller)
        assert caught.value.kind is kind
    with pytest.raises(XeniaError) as caught:
        manager.suspending.suspend("a", OPERATOR)
    assert caught.value.kind is ErrorKind.DENIED


async def test_one_with_a_guest_file_keeps_it(world: World, tmp_path: Path) -> None:
    world.folder, world.read = tmp_path, read_really
    file = tmp_path / "a.cfg"
    file.write_text("name = 'a'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\n")
    manager = world.boot()
    await manager.start()
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.state is JobState.DONE
    await suspend(manager)
    (domain,) = await shown(manager)
    assert (domain.suspended, domain.file) == (True, str(file))
    with pytest.raises(XeniaError, match="is suspended"):
        await manager.defining.delete("a", ROOT)
    assert (await resume(manager)).state is JobState.DONE
    await manager.close()
