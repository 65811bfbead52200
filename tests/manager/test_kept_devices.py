"""Devices in the domain that runs, in its guest file, in both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.model.scope import Scope

WEB = """\
# keep me
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
disk = [
    "file:/srv/root.img,xvda,w",  # the system
]
vif = ['bridge=lan']
"""
CD = 'name = "cd"\ntype = "hvm"\ndisk = [ "file:/srv/one.iso,hdc:cdrom,r" ]\n'
MAC = "00:16:3e:00:00:07"
OPERATOR = Caller(1000, "op", Role.OPERATOR)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    (folder / "cd.cfg").write_text(CD)
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


async def start(manager: Manager, etc: Path, name: str = "web") -> None:
    file = etc / f"{name}.cfg"
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.state is JobState.DONE, job.error


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def attach(manager: Manager, spec: str, scope: Scope = Scope.BOTH, caller: Caller = ROOT) -> Job:
    await manager.inventory.look_up("web")
    return await ended(manager, manager.disks.attach("web", spec, "/images", scope, caller))


async def detach(manager: Manager, target: str, scope: Scope = Scope.BOTH, *, force: bool = False) -> Job:
    await manager.inventory.look_up("web")
    return await ended(manager, manager.disks.detach("web", target, scope, ROOT, force=force))


async def medium(manager: Manager, path: str, scope: Scope = Scope.BOTH) -> Job:
    await manager.inventory.look_up("cd")
    return await ended(manager, manager.disks.insert("cd", "hdc", path, "/iso", scope, ROOT, force=False))


def result_of(job: Job) -> dict[str, Any]:
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return job.result


def error_of(job: Job) -> tuple[str, str, str]:
    assert job.error is not None, job
    return job.error["kind"], job.error["detail"], job.error["hint"]


def targets(manager: Manager, name: str = "web") -> list[str]:
    started = manager.inventory.started(name)
    assert started is not None
    return [disk.target for disk in started.config.disks]


async def test_a_disk_is_plugged_in_and_kept_and_the_file_keeps_its_form(manager: Manager, etc: Path) -> None:
    await start(manager, etc)
    result = result_of(await attach(manager, "file:data.img,xvdb,w"))
    assert (result["file"], result["notes"]) == (str(etc / "web.cfg"), [])
    assert targets(manager) == ["xvda", "xvdb"]
    added = WEB.replace("\n]", '\n    "format=raw,vdev=xvdb,access=rw,target=/images/data.img",\n]')
    assert (etc / "web.cfg").read_text() == added
    assert result_of(await detach(manager, "xvdb"))["file"] == str(etc / "web.cfg")
    assert targets(manager) == ["xvda"]
    assert (etc / "web.cfg").read_text() == WEB


async def test_only_the_domain_or_only_the_file(manager: Manager, etc: Path) -> None:
    await start(manager, etc)
    assert result_of(await attach(manager, "file:/b,xvdb,w", Scope.LIVE))["file"] == ""
    assert (etc / "web.cfg").read_text() == WEB
    result_of(await attach(manager, "file:/c,xvdc,w", Scope.CONFIG))
    assert targets(manager) == ["xvda", "xvdb"]
    assert "xvdc" in (etc / "web.cfg").read_text()
    assert result_of(await detach(manager, "xvdb"))["file"] == "", "the file never had it"
    result_of(await detach(manager, "xvdc", Scope.CONFIG))
    assert (etc / "web.cfg").read_text() == WEB


async def test_a_domain_that_does_not_run_has_its_file_changed(manager: Manager, etc: Path) -> None:
    result_of(await attach(manager, "file:/b,xvdb,w"))
    assert "target=/b" in (etc / "web.cfg").read_text()
    with pytest.raises(XeniaError) as raised:
        await attach(manager, "file:/c,xvdc,w", Scope.LIVE)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert error_of(await detach(manager, "xvdz"))[0] == "not_found"


async def test_what_an_operator_plugs_in_is_not_kept(manager: Manager, etc: Path) -> None:
    await start(manager, etc)
    assert error_of(await attach(manager, "file:/b,xvdb,w", caller=OPERATOR))[0] == "denied", (
        "an administrator's domain"
    )
    assert (etc / "web.cfg").read_text() == WEB
    with pytest.raises(XeniaError) as raised:
        await attach(manager, "file:/b,xvdb,w", Scope.CONFIG, OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED


async def test_a_file_that_has_another_disk_there_contradicts(manager: Manager, etc: Path) -> None:
    await start(manager, etc)
    result_of(await attach(manager, "file:/kept,xvdb,w", Scope.CONFIG))
    kept = (etc / "web.cfg").read_text()
    kind, detail, hint = error_of(await attach(manager, "file:/other,xvdb,w"))
    assert (kind, detail) == ("conflict", "the guest file of 'web' has a disk xvdb already: /kept")
    assert hint == "xm block-attach --live web leaves the file as it is"
    assert targets(manager) == ["xvda"]
    assert result_of(await attach(manager, "file:/kept,xvdb,w"))["file"] == "", "it is there as it should be"
    assert targets(manager) == ["xvda", "xvdb"]
    assert (etc / "web.cfg").read_text() == kept


async def test_what_the_engine_refuses_is_not_kept(manager: Manager, etc: Path, world: World) -> None:
    await start(manager, etc)
    world.host.clinging.add("web")
    result_of(await attach(manager, "file:/b,xvdb,w"))
    kept = (etc / "web.cfg").read_text()
    assert error_of(await detach(manager, "xvdb"))[0] == "timed_out"
    assert (etc / "web.cfg").read_text() == kept


async def test_a_guest_that_is_not_up_keeps_what_is_plugged_in(manager: Manager, etc: Path, world: World) -> None:
    world.host.deaf.add("web")
    await start(manager, etc)
    said = "the guest has not taken it yet: it does when its system is up and knows such devices"
    assert result_of(await attach(manager, "file:/b,xvdb,w"))["notes"] == [said]
    assert result_of(await ended(manager, manager.vifs.attach("web", "", Scope.LIVE, ROOT)))["notes"] == [said]
    assert targets(manager) == ["xvda", "xvdb"]


async def test_a_paused_guest_keeps_what_is_plugged_in(manager: Manager, etc: Path, world: World) -> None:
    world.host.ignorant.add("web")
    await start(manager, etc)
    result_of(await ended(manager, manager.operate("pause", "web", ROOT)))
    said = "the guest is paused: it takes it when it runs on"
    assert result_of(await attach(manager, "file:/b,xvdb,w"))["notes"] == [said]
    assert targets(manager) == ["xvda", "xvdb"]


async def test_what_a_guest_ignores_is_taken_back_and_not_kept(manager: Manager, etc: Path, world: World) -> None:
    world.host.ignorant.add("web")
    await start(manager, etc)
    kept = (etc / "web.cfg").read_text()
    said = error_of(await attach(manager, "file:/b,xvdb,w"))
    assert said == (
        "timed_out",
        "the guest is up and has not taken xvdb within 10 s, so it was unplugged again",
        "has it a driver for it? To leave it plugged in all the same: --no-wait",
    )
    card = error_of(await ended(manager, manager.vifs.attach("web", "", Scope.BOTH, ROOT)))
    assert "has not taken its card 1 within 10 s, so it was unplugged again" in card[1]
    assert (targets(manager), (etc / "web.cfg").read_text()) == (["xvda"], kept)
    assert next(iter(world.host.guests.values())).disks.keys() == {"xvda"}
    left = manager.disks.attach("web", "file:/b,xvdb,w", "/", Scope.BOTH, ROOT, until_taken=False)
    assert result_of(await ended(manager, left))["notes"] == []
    assert targets(manager) == ["xvda", "xvdb"]
    assert "target=/b" in (etc / "web.cfg").read_text()


async def test_what_a_guest_ignores_and_does_not_let_go_of_either_is_true_and_said(
    manager: Manager, etc: Path, world: World
) -> None:
    world.host.ignorant.add("web")
    world.host.clinging.add("web")
    await start(manager, etc)
    kept = (etc / "web.cfg").read_text()
    kind, said, _ = error_of(await attach(manager, "file:/b,xvdb,w"))
    assert (kind, "taking it back failed: the guest does not let go of xvdb" in said) == ("timed_out", True)
    assert targets(manager) == ["xvda", "xvdb"], "that it has"
    assert (etc / "web.cfg").read_text() == kept


async def test_the_first_disk_is_spared_in_the_file_as_well(manager: Manager, etc: Path) -> None:
    assert error_of(await detach(manager, "xvda", Scope.CONFIG))[0] == "conflict"
    result_of(await detach(manager, "xvda", Scope.CONFIG, force=True))
    assert "xvda" not in (etc / "web.cfg").read_text()


async def test_a_medium_is_changed_now_and_for_the_next_start(manager: Manager, etc: Path) -> None:
    await start(manager, etc, "cd")
    result_of(await medium(manager, "two.iso"))
    assert "target=/iso/two.iso" in (etc / "cd.cfg").read_text()
    job = await ended(manager, manager.disks.eject("cd", "hdc", Scope.CONFIG, ROOT, force=False))
    assert result_of(job)["disk"]["path"] == ""
    assert "two.iso" not in (etc / "cd.cfg").read_text()
    started = manager.inventory.started("cd")
    assert started is not None
    assert started.config.disks[0].path == "/iso/two.iso"
    assert result_of(await medium(manager, "/iso/two.iso", Scope.CONFIG))["file"] == str(etc / "cd.cfg")


async def configure(manager: Manager, name: str, spec: str, scope: Scope = Scope.BOTH) -> Job:
    await manager.inventory.look_up(name)
    return await ended(manager, manager.disks.configure(name, spec, "/iso", scope, ROOT))


async def test_what_a_disk_is_is_changed_where_that_can_be(manager: Manager, etc: Path) -> None:
    await start(manager, etc, "cd")
    result_of(await configure(manager, "cd", "file:two.iso,hdc:cdrom,r"))
    assert "target=/iso/two.iso" in (etc / "cd.cfg").read_text()
    started = manager.inventory.started("cd")
    assert started is not None
    assert started.config.disks[0].path == "/iso/two.iso"
    await start(manager, etc)
    kind, _, hint = error_of(await configure(manager, "web", "file:/srv/root.img,xvda,r"))
    assert (kind, hint) == (
        "conflict", "xm block-detach and block-attach it; or with --config, for the next start of 'web'",
    )  # fmt: skip
    assert (etc / "web.cfg").read_text() == WEB
    result_of(await configure(manager, "web", "file:/srv/root.img,xvda,r", Scope.CONFIG))
    assert "access=ro" in (etc / "web.cfg").read_text()
    assert error_of(await configure(manager, "web", "file:/x,xvdz,w"))[0] == "not_found"
    assert error_of(await configure(manager, "web", "file:/x,xvdz,w", Scope.CONFIG))[0] == "not_found"


async def test_a_card_is_kept_with_the_address_that_it_has_got(manager: Manager, etc: Path) -> None:
    await start(manager, etc)
    made = result_of(await ended(manager, manager.vifs.attach("web", "", Scope.BOTH, ROOT)))["vif"]["mac"]
    assert (etc / "web.cfg").read_text() == WEB.replace("'bridge=lan'", f"'bridge=lan', 'mac={made}'")
    for scope in (Scope.BOTH, Scope.CONFIG):
        again = await ended(manager, manager.vifs.attach("web", f"mac={made}", scope, ROOT))
        assert error_of(again)[0] == "conflict"
    result_of(await ended(manager, manager.vifs.detach("web", "1", Scope.BOTH, ROOT)))
    assert (etc / "web.cfg").read_text() == WEB
    result_of(await ended(manager, manager.vifs.detach("web", "0", Scope.BOTH, ROOT)))
    assert "bridge=lan" not in (etc / "web.cfg").read_text(), "by the address that was made at its start"
    started = manager.inventory.started("web")
    assert started is not None
    assert started.macs == ()


async def test_a_card_of_a_file_is_known_by_its_number_or_address(manager: Manager, etc: Path) -> None:
    await manager.inventory.look_up("web")
    result_of(await ended(manager, manager.vifs.attach("web", f"mac={MAC}", Scope.BOTH, ROOT)))
    missing = await ended(manager, manager.vifs.detach("web", "7", Scope.CONFIG, ROOT))
    assert error_of(missing) == (
        "not_found",
        "the guest file of 'web' has no card 7",
        f"it has: 0 (no address yet), 1 ({MAC})",
    )
    result_of(await ended(manager, manager.vifs.detach("web", MAC, Scope.BOTH, ROOT)))
    result_of(await ended(manager, manager.vifs.detach("web", "0", Scope.BOTH, ROOT)))
    assert "mac=" not in (etc / "web.cfg").read_text()
    assert "bridge=" not in (etc / "web.cfg").read_text()


async def test_a_link_is_kept_and_cards_stay_in_their_order(manager: Manager, etc: Path, world: World) -> None:
    text = WEB.replace("'bridge=lan'", "'bridge=lan', 'mac=00:16:3e:00:00:22', 'mac=00:16:3e:00:00:33,ip=192.0.2.7'")
    (etc / "web.cfg").write_text(text)
    await manager.inventory.look_up("web")
    down = manager.vifs.configure("web", "00:16:3e:00:00:22", Scope.CONFIG, ROOT, linked=False)
    assert result_of(await ended(manager, down))["vif"]["linked"] is False
    kept = (etc / "web.cfg").read_text()
    assert kept == text.replace("00:22'", "00:22,link=down'")
    await start(manager, etc)
    (guest,) = world.host.guests.values()
    assert guest.unlinked == {1}
    up = manager.vifs.configure("web", "1", Scope.BOTH, ROOT, linked=True)
    assert result_of(await ended(manager, up))["file"] == str(etc / "web.cfg")
    assert ((etc / "web.cfg").read_text(), guest.unlinked) == (text, set())
    again = manager.vifs.configure("web", "1", Scope.BOTH, ROOT, linked=True)
    assert result_of(await ended(manager, again))["file"] == ""
