"""Disks that move to other images while their domain runs, on the simulated engine and a real file system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, done, failed
from tests.support.world import ROOT, World, read_really

from xenia.manager.image_clone import clone
from xenia.manager.image_resize import resize
from xenia.manager.manager import Manager
from xenia.model.domain import Moving, Started
from xenia.model.errors import XeniaError
from xenia.model.image import ImageFormat
from xenia.model.job import JobState
from xenia.model.request import CreateRequest
from xenia.model.snapshot import Overlay, SnapshotTree


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "etc").mkdir()
    return tmp_path / "images"


@pytest.fixture
async def manager(tmp_path: Path, images: Path) -> AsyncIterator[Manager]:
    world = World(folder=tmp_path / "etc", image_roots=(str(images),), read=read_really)
    made = world.boot()
    await made.start()
    yield made
    await made.close()


async def start(manager: Manager, file: Path, *disks: str) -> None:
    file.write_text(f"name = 'a'\ndisk = {list(disks)!r}\n")
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.state is JobState.DONE, job


@pytest.fixture
async def old(manager: Manager, images: Path) -> Path:
    """The disk of the domain `a`, which runs."""
    path = images / "disk.img"
    path.write_bytes(bytes(MIB))
    await start(manager, images.parent / "etc/a.cfg", f"file:{path},xvda,w", "file:/cd,hdc:cdrom,r")
    return path


def started(manager: Manager) -> Started:
    found = manager.inventory.started("a")
    assert found is not None
    return found


async def test_the_guest_file_and_what_runs_follow(manager: Manager, old: Path, images: Path) -> None:
    result = await done(manager, manager.moves.move("a", "/dev/xvda", "new.qcow2", ROOT))
    new = images / "new.qcow2"
    assert (result["domain"], result["disk"]["path"], result["old"]) == ("a", str(new), str(old))
    assert (result["disk"]["format"], result["file"]) == ("qcow2", str(images.parent / "etc/a.cfg"))
    assert [disk.path for disk in started(manager).config.disks] == [str(new), "/cd"]
    config = await manager._parts.guest_files.wanted("a")
    assert [(disk.target, disk.path) for disk in config.disks] == [("xvda", str(new)), ("hdc", "/cd")]
    assert "stays as it was then" in result["notes"][0]
    assert sorted(each.name for each in images.iterdir()) == ["disk.img", "new.qcow2"]


async def test_a_path_that_begins_at_the_guest_file_moves_as_well(manager: Manager, images: Path) -> None:
    old = images.parent / "etc/disk.img"
    old.write_bytes(bytes(MIB))
    await start(manager, images.parent / "etc/a.cfg", "file:disk.img,xvda,w")
    result = await done(manager, manager.moves.move("a", "xvda", f"{images}/", ROOT))
    assert (result["old"], result["file"]) == (str(old), str(images.parent / "etc/a.cfg"))
    config = await manager._parts.guest_files.wanted("a")
    assert [disk.path for disk in config.disks] == [str(images / "disk.img")]


async def test_a_folder_keeps_name_and_format_and_the_old_one_may_go(manager: Manager, old: Path, images: Path) -> None:
    result = await done(manager, manager.moves.move("a", "xvda", "fast/", ROOT, delete=True))
    assert (result["disk"]["path"], result["disk"]["format"]) == (str(images / "fast/disk.img"), "raw")
    assert not old.exists()
    assert (images / "fast/disk.img").stat().st_size == MIB


@pytest.mark.parametrize(
    ("target", "path", "kind"),
    [
        ("xvdz", "new", "not_found"),
        ("hdc", "new", "invalid"),
        ("xvda", "disk.img", "conflict"),
        ("xvda", "..", "invalid"),
    ],
)
async def test_what_cannot_move_stays(
    manager: Manager, old: Path, images: Path, target: str, path: str, kind: str
) -> None:
    assert (await failed(manager, manager.moves.move("a", target, path, ROOT)))["kind"] == kind
    assert started(manager).moving is None
    assert [*images.iterdir()] == [old]


async def test_only_administrators_move_disks_and_only_of_domains_that_run(manager: Manager, old: Path) -> None:
    with pytest.raises(XeniaError, match="needs the role administrator"):
        manager.moves.move("a", "xvda", "new", OPERATOR)
    error = await failed(manager, manager.moves.flatten("a", "xvda", OPERATOR))
    assert error["kind"] == "denied"
    await done(manager, manager.operate("destroy", "a", ROOT))
    await manager.inventory.look_up("a")
    with pytest.raises(XeniaError) as raised:
        manager.moves.move("a", "xvda", "new", ROOT)
    assert raised.value.kind == "conflict"
    assert old.exists()


async def test_what_a_dead_xend_has_left_is_removed(manager: Manager, old: Path, images: Path) -> None:
    hidden, new = images / ".xenia-new-0123456789abcdef", images / "new.img"
    disk = replace(started(manager).config.disks[0], path=str(new))
    for there, named in ((hidden, False), (hidden, True), (new, True)):
        there.write_bytes(b"")
        cut_off = replace(started(manager), moving=Moving(disk, str(hidden), named=named))
        settled = await manager.moves.settle(cut_off, runs=True)
        assert (settled.moving, settled.config) == (None, started(manager).config)
        assert [*images.iterdir()] == [old]


async def test_a_file_of_somebody_else_is_not_removed(manager: Manager, old: Path, images: Path) -> None:
    hidden, new = images / ".xenia-new-0123456789abcdef", images / "new.img"
    disk = replace(started(manager).config.disks[0], path=str(new))
    hidden.touch()
    new.touch()
    await manager.moves.settle(replace(started(manager), moving=Moving(disk, str(hidden), named=True)), runs=True)
    assert sorted(images.iterdir()) == [old, new]


async def test_one_whose_engine_is_gone_is_where_its_guest_file_says(manager: Manager, old: Path, images: Path) -> None:
    new = images / "new.img"
    new.touch()
    disk = replace(started(manager).config.disks[0], path=str(new))
    cut_off = replace(started(manager), moving=Moving(disk, str(images / ".gone"), named=True))
    file = images.parent / "etc/a.cfg"
    file.write_text(file.read_text().replace(str(old), str(new)))
    settled = await manager.moves.settle(cut_off, runs=False)
    assert settled.config.disks[0].path == str(new)
    assert new.exists()


async def test_what_a_disk_was_based_on_may_be_written_to_again(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(bytes(MIB))
    await done(manager, clone(manager.images, "base", "top.qcow2", ROOT, full=False))
    await start(manager, images.parent / "etc/a.cfg", f"tap:qcow2:{images}/top.qcow2,xvda,w")
    result = await done(manager, manager.moves.flatten("a", "xvda", ROOT))
    assert result["disk"]["path"] == str(images / "top.qcow2")
    result = await done(manager, manager.moves.move("a", "xvda", "new", ROOT, delete=True, form=ImageFormat.RAW))
    assert result["notes"] == [f"nothing is based on {images}/base any more: it may be written to again"]


async def test_layers_of_snapshots_are_not_left_behind(manager: Manager, old: Path) -> None:
    tree = SnapshotTree(started(manager).uuid, overlays=(Overlay("xvda", str(old), "/top", str(old)),))
    await manager._parts.trees.save(tree)
    error = await failed(manager, manager.moves.move("a", "xvda", "new", ROOT))
    assert (error["kind"], "has snapshots" in error["detail"]) == ("conflict", True)


async def test_a_disk_of_a_domain_that_runs_grows(manager: Manager, old: Path) -> None:
    await done(manager, resize(manager.images, "disk.img", 2 * MIB, ROOT))
    assert old.stat().st_size == 2 * MIB
    assert (await failed(manager, resize(manager.images, "disk.img", 4 * MIB, OPERATOR)))["kind"] == "denied"
