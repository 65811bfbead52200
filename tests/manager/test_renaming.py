"""Domains are given another name: in their record, in their guest file, and where they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.domain import Definition, DomainConfig, Phase, Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest

WEB = """\
# The web server.
name = "web"   # as in the DNS
type = "pvh"
kernel = "/boot/vmlinuz"
memory = 256
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    (folder / "db.cfg").write_text(WEB.replace("web", "db"))
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def start(manager: Manager, file: Path, *overrides: str) -> str:
    """Its UUID."""
    job = await ended(manager, manager.create(CreateRequest(file.read_text(), str(file), overrides), ROOT))
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return str(job.result["uuid"])


async def rename(manager: Manager, ref: str, name: str) -> dict[str, Any]:
    job = await ended(manager, manager.renaming.rename(ref, name, ROOT))
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return job.result


async def refused(manager: Manager, ref: str, name: str) -> dict[str, Any]:
    job = await ended(manager, manager.renaming.rename(ref, name, ROOT))
    assert job.state is JobState.FAILED
    assert job.error is not None
    return job.error


async def test_one_that_runs_keeps_all_but_its_name(manager: Manager, world: World, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    before = manager.inventory.find("web")
    with manager.listen() as listener:
        result = await rename(manager, "web", "www")
        event = await anext(listener)
    assert result == {"domain": "www", "file": str(etc / "web.cfg"), "notes": []}
    assert (event.kind, event.domain, event.detail) == (EventKind.RENAMED, "www", "it was web")
    after = manager.inventory.find("www")
    assert (after.uuid, after.domid, after.state, after.file) == (uuid, before.domid, State.RUNNING, before.file)
    assert (etc / "web.cfg").read_text() == WEB.replace('"web" ', '"www" ')
    assert world.host.guests[uuid].name == "www"
    assert [domain.name for domain in await manager.inventory.list(everything=True)] == ["Domain-0", "www", "db"]
    with pytest.raises(XeniaError, match="no domain 'web'"):
        await manager.inventory.look_up("web")


async def test_a_new_xend_knows_it_by_its_new_name_and_starts_it_with_its_uuid(
    manager: Manager, world: World, etc: Path
) -> None:
    uuid = await start(manager, etc / "web.cfg")
    await rename(manager, "web", "www")
    await manager.close()
    again = world.boot()
    await again.start()
    assert again.inventory.find("www").uuid == uuid
    await ended(again, again.operate("destroy", "www", ROOT))
    assert await start(again, etc / "web.cfg") == uuid
    await again.close()


async def test_one_that_only_is_defined_keeps_its_record(manager: Manager, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    await ended(manager, manager.operate("destroy", "web", ROOT))
    await manager.inventory.look_up("web")
    await rename(manager, "web", "www")
    assert (await manager.inventory.look_up("www")).state is State.DEFINED
    assert await start(manager, etc / "web.cfg") == uuid


async def test_one_that_was_never_started_has_its_file_edited(manager: Manager, etc: Path) -> None:
    assert (await rename(manager, "db", "data"))["file"] == str(etc / "db.cfg")
    assert (await manager.inventory.look_up("data")).file == str(etc / "db.cfg")


async def test_a_name_of_the_command_line_is_another_one_then(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg", "name=test", "memory=64")
    assert await rename(manager, "test", "trial") == {"domain": "trial", "file": "", "notes": []}
    started = manager.inventory.started("trial")
    assert started is not None
    assert started.definition.overrides == ("name=trial", "memory=64")
    assert (etc / "web.cfg").read_text() == WEB


async def test_a_file_outside_of_the_folder_is_left_and_said(manager: Manager, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.cfg"
    file.write_text(WEB.replace("web", "lone"))
    await start(manager, file)
    result = await rename(manager, "lone", "only")
    assert result["file"] == ""
    assert result["notes"] == [f"{file} still says name = 'lone': edit it where 'only' is to start from it"]


async def test_a_second_file_of_that_name_is_left_and_said(manager: Manager, etc: Path) -> None:
    (etc / "web2.cfg").write_text(WEB)
    await start(manager, etc / "web.cfg")
    result = await rename(manager, "web", "www")
    assert result["file"] == str(etc / "web.cfg")
    assert [note.split()[0] for note in result["notes"]] == [str(etc / "web2.cfg")]


async def test_a_computed_name_is_overridden_and_said(manager: Manager, etc: Path) -> None:
    (etc / "web.cfg").write_text(WEB.replace('"web"', '"we" + "b"'))
    await manager.inventory.look_up("web")
    assert (await rename(manager, "web", "www"))["notes"]
    assert (await manager.inventory.look_up("www")).file == str(etc / "web.cfg")


@pytest.mark.parametrize("name", ["", "a/b", "Domain-0", "save", "a b", "x" * 129, "-x", "ä"])
async def test_what_can_be_no_name_is_refused_at_once(manager: Manager, name: str) -> None:
    await manager.inventory.look_up("web")
    with pytest.raises(XeniaError) as raised:
        manager.renaming.rename("web", name, ROOT)
    assert raised.value.kind is ErrorKind.INVALID
    assert raised.value.hint


async def test_a_name_that_is_taken_is_refused_and_nothing_changes(manager: Manager, world: World, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    assert (await refused(manager, "web", "db"))["detail"] == f"{etc}/db.cfg defines a domain 'db' already"
    await start(manager, etc / "db.cfg")
    error = await refused(manager, "web", "db")
    assert (error["kind"], error["detail"]) == ("conflict", "a domain named 'db' exists already (id 2)")
    assert world.host.guests[uuid].name == manager.inventory.find(uuid).name == "web"
    with pytest.raises(XeniaError, match="called so already"):
        manager.renaming.rename("web", "web", ROOT)


async def test_who_and_what_may_not(manager: Manager, world: World, etc: Path) -> None:
    (etc / "broken.cfg").write_text("name = (\n")
    await manager.inventory.look_up("broken")
    with pytest.raises(XeniaError, match="cannot be used"):
        manager.renaming.rename("broken", "whole", ROOT)
    with pytest.raises(XeniaError, match="not possible for Domain-0"):
        manager.renaming.rename("Domain-0", "me", ROOT)
    with pytest.raises(XeniaError, match="role administrator"):
        manager.renaming.rename("web", "www", Caller(1000, "op", Role.OPERATOR))


async def test_one_that_others_have_started_is_adopted_first(etc: Path) -> None:
    world = World(folder=etc, read=read_really)
    world.host.like_xen = True
    manager = world.boot()
    await manager.start()
    uuid = "00000000-0000-4000-8000-00000000beef"
    config = DomainConfig("old")
    with manager.listen() as listener:
        world.host.start_foreign(
            Started(uuid, 0, config, Definition(), (), "simulated", 1.0, phase=Phase.RUNNING, foreign=True)
        )
        await anext(listener)
    error = await refused(manager, "old", "new")
    assert (error["kind"], error["hint"]) == ("conflict", "xm adopt old")
    await manager.close()


async def test_when_the_engine_refuses_all_is_as_it_was(manager: Manager, world: World, etc: Path) -> None:
    uuid = await start(manager, etc / "web.cfg")
    record = world.files[f"var/lib/xenia/domains/{uuid}.json"]
    written = world.files[f"run/xenia/domains/{uuid}/started.json"]
    fine = world.host.step

    async def step(name: str) -> None:
        if name == "rename":
            raise XeniaError("xl rename failed", kind=ErrorKind.ENGINE_FAILED)
        await fine(name)

    world.host.step = step
    assert (await refused(manager, "web", "www"))["detail"] == "xl rename failed"
    assert manager.inventory.find("web").uuid == uuid
    assert (etc / "web.cfg").read_text() == WEB
    assert world.files[f"var/lib/xenia/domains/{uuid}.json"] == record
    assert world.files[f"run/xenia/domains/{uuid}/started.json"] == written


async def test_a_rename_that_was_cut_off_is_finished_by_the_same_one(world: World, etc: Path) -> None:
    """xend was killed when the guest file was edited, and nothing else was done."""
    manager = world.boot()
    await manager.start()
    uuid = await start(manager, etc / "web.cfg")
    (etc / "web.cfg").write_text(WEB.replace('"web" ', '"www" '))
    await manager.inventory.look_up("web")
    assert (await rename(manager, "web", "www"))["file"] == ""
    assert manager.inventory.find("www").uuid == uuid
    await manager.close()


async def test_what_happens_to_it_meanwhile_is_acted_on_afterwards(manager: Manager, world: World, etc: Path) -> None:
    """An event that waits for the old name's turn finds the domain under its new one."""
    uuid = await start(manager, etc / "web.cfg")
    with manager.listen() as listener:
        job = manager.renaming.rename("web", "www", ROOT)
        world.host.power_off(uuid)
        assert (await ended(manager, job)).state is JobState.DONE
        kinds = [(await anext(listener)).kind for _ in range(2)]
    assert kinds in ([EventKind.RENAMED, EventKind.ENDED], [EventKind.ENDED, EventKind.RENAMED])
    assert not world.host.guests
