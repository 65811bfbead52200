"""Domains are defined by a file that is kept, and are defined no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.domain import State
from xenia.model.errors import ErrorKind, GuestFileError, XeniaError
from xenia.model.guest_file import Saved
from xenia.model.job import JobState
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
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


async def define(manager: Manager, text: str = WEB, *overrides: str, file: str = "/home/web.cfg") -> Saved:
    return await manager.defining.define(text, file, overrides, ROOT)


async def refused(manager: Manager, text: str = WEB, *overrides: str) -> XeniaError:
    with pytest.raises(XeniaError) as raised:
        await define(manager, text, *overrides)
    return raised.value


async def start(manager: Manager, file: Path) -> None:
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.state is JobState.DONE, job.error


async def test_the_file_is_kept_as_it_is_under_the_name_of_the_domain(manager: Manager, etc: Path) -> None:
    saved = await define(manager, file="/home/some-template.cfg")
    assert (saved.file, saved.domain, saved.changed, saved.version) == (str(etc / "web.cfg"), "web", True, 1)
    assert (etc / "web.cfg").read_text() == WEB
    assert (etc / "web.cfg").stat().st_mode & 0o777 == 0o600
    domain = await manager.inventory.look_up("web")
    assert (domain.state, domain.file) == (State.DEFINED, str(etc / "web.cfg"))


async def test_keys_of_the_command_line_are_set_in_what_is_kept(manager: Manager, etc: Path) -> None:
    saved = await define(manager, WEB, "name=shop", "memory=512", "maxmem=1024")
    assert saved.file == str(etc / "shop.cfg")
    text = (etc / "shop.cfg").read_text()
    assert 'name = "shop"   # as in the DNS' in text
    assert "memory = 512" in text
    assert "maxmem = 1024" in text


async def test_a_file_without_a_name_is_called_as_it_was(manager: Manager, etc: Path) -> None:
    assert (await define(manager, "kernel = '/k'\n", file="/home/small.cfg")).file == str(etc / "small.cfg")


async def test_what_is_defined_is_not_defined_again(manager: Manager, etc: Path) -> None:
    await define(manager)
    error = await refused(manager)
    assert (error.kind, error.message) == (ErrorKind.CONFLICT, f"domain 'web' is defined by {etc}/web.cfg already")
    (etc / "shop.cfg").write_text(WEB)
    await manager.defining.delete("web.cfg", ROOT)
    assert "shop.cfg already" in (await refused(manager)).message


async def test_a_file_of_that_name_that_defines_something_else_is_left(manager: Manager, etc: Path) -> None:
    (etc / "web.cfg").write_text("name = (\n")
    error = await refused(manager)
    assert (error.kind, error.message) == (
        ErrorKind.CONFLICT,
        f"{etc}/web.cfg is there already, and defines something else",
    )
    assert (etc / "web.cfg").read_text() == "name = (\n"


@pytest.mark.parametrize("text", ["name = (\n", "", "name = 'a b'\nkernel = '/k'\n", "memory = 'much'\nname = 'web'\n"])
async def test_what_defines_nothing_is_refused_with_its_place(manager: Manager, etc: Path, text: str) -> None:
    error = await refused(manager, text)
    assert isinstance(error, GuestFileError) or text == ""
    assert list(etc.iterdir()) == []


@pytest.mark.parametrize("word", ["memory", "memory=lots", "=3", "nosuchkey=1"])
async def test_what_can_be_no_override_is_refused(manager: Manager, etc: Path, word: str) -> None:
    assert (await refused(manager, WEB, word)).kind is ErrorKind.INVALID
    assert list(etc.iterdir()) == []


async def test_what_is_deleted_comes_back_by_a_revert_with_its_uuid(manager: Manager, etc: Path) -> None:
    await define(manager)
    await start(manager, etc / "web.cfg")
    uuid = manager.inventory.find("web").uuid
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 10)
    saved = await manager.defining.delete("web", ROOT)
    assert (saved.file, saved.domain, saved.etag, saved.version) == (str(etc / "web.cfg"), "web", "", 2)
    assert not (etc / "web.cfg").exists()
    with pytest.raises(XeniaError, match="no domain 'web'"):
        await manager.inventory.look_up("web")
    await manager.guest_files.revert("web.cfg", None, ROOT)
    assert (etc / "web.cfg").read_text() == WEB
    await start(manager, etc / "web.cfg")
    assert manager.inventory.find("web").uuid == uuid


async def test_one_that_runs_is_not_deleted(manager: Manager, etc: Path) -> None:
    await define(manager)
    await start(manager, etc / "web.cfg")
    with pytest.raises(XeniaError) as raised:
        await manager.defining.delete("web", ROOT)
    assert (raised.value.kind, raised.value.message) == (ErrorKind.CONFLICT, "domain 'web' runs (id 1)")
    assert "xm shutdown -w web" in str(raised.value.hint)
    assert (etc / "web.cfg").exists()


async def test_of_several_files_one_is_named(manager: Manager, etc: Path) -> None:
    (etc / "a.cfg").write_text(WEB)
    (etc / "b.cfg").write_text(WEB)
    with pytest.raises(XeniaError, match=r"defined by 2 files: a\.cfg, b\.cfg"):
        await manager.defining.delete("web", ROOT)
    assert (await manager.defining.delete("b", ROOT)).file == str(etc / "b.cfg")


async def test_a_file_that_cannot_be_used_is_deleted_by_its_name(manager: Manager, etc: Path) -> None:
    (etc / "broken.cfg").write_text("name = (\n")
    assert (await manager.defining.delete("broken", ROOT)).domain == ""
    assert list(etc.iterdir()) == []
    with pytest.raises(XeniaError, match="no guest file 'broken'"):
        await manager.defining.delete("broken", ROOT)


async def test_both_are_for_administrators(manager: Manager) -> None:
    operator = Caller(1000, "op", Role.OPERATOR)
    with pytest.raises(XeniaError, match="role administrator"):
        await manager.defining.define(WEB, "", (), operator)
    with pytest.raises(XeniaError, match="role administrator"):
        await manager.defining.delete("web", operator)
