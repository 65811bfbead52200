"""A folder of guest files: planned, applied as a whole or not at all, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError
from xenia.model.folder_plan import FolderPlan
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.store.folder import GuestFolder


def text(name: str, **others: object) -> str:
    values = {"name": name, "type": "pvh", "kernel": "/boot/vmlinuz", "memory": 256} | others
    return "".join(f"{key} = {value!r}\n" for key, value in values.items())


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ("web", "db"):
        (folder / f"{name}.cfg").write_text(text(name))
    return folder


@pytest.fixture
def checkout(tmp_path: Path, etc: Path) -> Path:
    """What is wanted: web with more memory and another policy, db as it is, mail new."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "web.cfg").write_text(text("web", memory=512, on_crash="preserve"))
    (folder / "db.cfg").write_text(text("db"))
    (folder / "mail.cfg").write_text(text("mail"))
    (folder / "README").write_text("not a guest file")
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


async def start(manager: Manager, etc: Path, name: str) -> None:
    file = etc / f"{name}.cfg"
    job = manager.create(CreateRequest(file.read_text(), str(file)), ROOT)
    assert (await manager.wait(job.id, 10)).state is JobState.DONE


async def planned(manager: Manager, folder: Path | str, *, remove: bool = False) -> FolderPlan:
    return await manager.folder.plan(str(folder), ROOT, remove=remove)


def outcomes(plan: FolderPlan) -> dict[str, str]:
    return {row.file: row.outcome.value for row in plan.rows}


async def apply(manager: Manager, folder: Path | str, *, remove: bool = False, digest: str = "") -> Job:
    digest = digest or (await planned(manager, folder, remove=remove)).digest
    return await manager.wait(manager.folder.apply(str(folder), ROOT, remove=remove, digest=digest).id, 10)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.glob("*.cfg"))}


async def test_a_plan_tells_file_by_file_and_changes_nothing(manager: Manager, etc: Path, checkout: Path) -> None:
    await start(manager, etc, "web")
    before = contents(etc)
    plan = await planned(manager, checkout)
    assert outcomes(plan) == {"db.cfg": "untouched", "mail.cfg": "created", "web.cfg": "changed at next start"}
    web = plan.rows[2]
    assert [(each.key, each.running, each.wanted, each.when.value) for each in web.differences] == [
        ("memory", "256", "512", "at next start"),
        ("on_crash", "restart", "preserve", "now"),
    ]
    assert plan.rows[1].note == "it is defined, and not started: xm create mail"
    assert contents(etc) == before
    assert (await planned(manager, checkout)).digest == plan.digest


async def test_an_apply_copies_all_and_changes_what_can_be(
    manager: Manager, world: World, etc: Path, checkout: Path
) -> None:
    await start(manager, etc, "web")
    (checkout / "mail.cfg").chmod(0o666)
    (etc / "web.cfg").chmod(0o640)
    before = contents(etc)
    job = await apply(manager, checkout)
    assert job.result == {"written": ["mail.cfg", "web.cfg"], "changed": ["web"]}
    assert contents(etc) == contents(checkout)
    assert [oct((etc / name).stat().st_mode & 0o777) for name in ("mail.cfg", "web.cfg")] == ["0o644", "0o640"]
    started = manager.inventory.started("web")
    assert started is not None
    assert (started.config.policy.on_crash.value, started.config.memory) == ("preserve", 256)
    assert b'"on_crash": "preserve"' in world.files[f"run/xenia/domains/{started.uuid}/started.json"]
    assert outcomes(await planned(manager, ""))["web.cfg"] == "changed at next start"
    undone = await manager.wait(manager.folder.undo(ROOT).id, 10)
    assert undone.result == {"written": ["mail.cfg", "web.cfg"], "changed": ["web"]}
    assert contents(etc) == before
    again = await manager.wait(manager.folder.undo(ROOT).id, 10)
    assert again.state is JobState.DONE
    assert contents(etc) == contents(checkout)
    _, kept = await manager.guest_files.history("mail", ROOT)
    assert [each.what for each in kept] == [
        f"applied from {checkout}", f"taken back: applied from {checkout}", f"again: applied from {checkout}",
    ]  # fmt: skip


async def test_files_that_the_folder_lacks_are_removed_only_when_asked(
    manager: Manager, etc: Path, checkout: Path
) -> None:
    (checkout / "db.cfg").unlink()
    await start(manager, etc, "db")
    plan = await planned(manager, checkout)
    assert outcomes(plan)["db.cfg"] == "untouched"
    plan = await planned(manager, checkout, remove=True)
    assert outcomes(plan)["db.cfg"] == "removed"
    assert plan.rows[0].note == "its domain runs on until it ends"
    await apply(manager, checkout, remove=True)
    assert contents(etc) == contents(checkout)
    assert manager.inventory.find("db").domid == 1
    assert outcomes(await planned(manager, ""))["db.cfg"] == "removed"


async def test_nothing_is_written_while_a_file_is_refused(manager: Manager, etc: Path, checkout: Path) -> None:
    (checkout / "broken.cfg").write_text("name = 'x\n")
    (checkout / "folder.cfg").mkdir()
    before = contents(etc)
    plan = await planned(manager, checkout)
    assert {name for name, outcome in outcomes(plan).items() if outcome == "refused"} == {"broken.cfg", "folder.cfg"}
    job = await apply(manager, checkout)
    assert job.error is not None
    assert job.error["detail"] == "nothing was done, since these files are refused: broken.cfg, folder.cfg"
    assert job.error["complaints"][0]["line"] == 1
    assert contents(etc) == before


async def test_a_plan_that_holds_no_more_is_not_applied(manager: Manager, etc: Path, checkout: Path) -> None:
    digest = (await planned(manager, checkout)).digest
    (checkout / "mail.cfg").write_text(text("mail", memory=300))
    job = await apply(manager, checkout, digest=digest)
    assert job.error is not None
    assert job.error["detail"].startswith("something has changed since this was planned")
    assert "mail.cfg" not in contents(etc)


async def test_what_fails_midway_is_taken_back(
    manager: Manager, etc: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(etc)
    replace = GuestFolder.replace

    async def full(self: GuestFolder, name: str, content: bytes | None, **others: object) -> None:
        if name == "web.cfg":
            raise OSError(28, "No space left on device", name)
        await replace(self, name, content, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(GuestFolder, "replace", full)
    job = await apply(manager, checkout)
    assert job.error is not None
    assert "No space left" in job.error["detail"]
    assert contents(etc) == before
    undone = await manager.wait(manager.folder.undo(ROOT).id, 10)
    assert undone.error is not None
    assert undone.error["detail"] == "there is no apply to take back"


async def test_what_was_cut_off_is_taken_back_by_the_next_xend(
    manager: Manager, world: World, etc: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(etc)
    replace = GuestFolder.replace

    async def killed(self: GuestFolder, name: str, content: bytes | None, **others: object) -> None:
        await replace(self, name, content, **others)  # type: ignore[arg-type]
        world.dead = True  # every file of xend's own raises from here on

    monkeypatch.setattr(GuestFolder, "replace", killed)
    digest = (await planned(manager, checkout)).digest
    with pytest.raises(BaseException):  # noqa: B017, PT011  # the death of xend
        await manager.folder._apply(str(checkout), ROOT, False, digest)
    assert contents(etc) != before
    monkeypatch.setattr(GuestFolder, "replace", replace)
    other = world.boot()
    await other.start()
    assert contents(etc) == before
    await other.close()


async def test_an_undo_leaves_what_was_changed_since(manager: Manager, etc: Path, checkout: Path) -> None:
    await apply(manager, checkout)
    (etc / "web.cfg").write_text(text("web", memory=999))
    after = contents(etc)
    job = await manager.wait(manager.folder.undo(ROOT).id, 10)
    assert job.error is not None
    assert job.error["detail"].startswith("these files were changed since they were applied: web.cfg")
    assert contents(etc) == after


async def test_without_a_folder_files_are_compared_with_what_runs(manager: Manager, etc: Path) -> None:
    await start(manager, etc, "web")
    (etc / "web.cfg").write_text(text("web", on_crash="destroy"))
    (etc / "bad.cfg").write_text("name = 'x\n")
    plan = await planned(manager, "")
    assert outcomes(plan) == {"bad.cfg": "refused", "db.cfg": "untouched", "web.cfg": "changed now"}
    job = await apply(manager, "")
    assert job.result == {"written": [], "changed": ["web"]}
    assert outcomes(await planned(manager, ""))["web.cfg"] == "untouched"


@pytest.mark.parametrize(
    ("folder", "word"), [("nowhere", "there is no folder"), ("etc", "is the folder of guest files")]
)
async def test_a_folder_that_cannot_be_is_refused(manager: Manager, tmp_path: Path, folder: str, word: str) -> None:
    with pytest.raises(XeniaError, match=word):
        await planned(manager, tmp_path / folder)


async def test_operators_may_not(manager: Manager, checkout: Path) -> None:
    eve = Caller(1000, "eve", Role.OPERATOR)
    with pytest.raises(XeniaError, match="eve may not"):
        await manager.folder.plan(str(checkout), eve, remove=False)
    with pytest.raises(XeniaError, match="eve may not"):
        manager.folder.apply(str(checkout), eve, remove=False, digest="")
    with pytest.raises(XeniaError, match="eve may not"):
        manager.folder.undo(eve)
