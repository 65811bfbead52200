"""Images cloned and removed: whole or not at all, and never what somebody needs."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, manager

from xenia.manager.image_clone import clone
from xenia.manager.image_delete import delete
from xenia.manager.manager import Manager
from xenia.model.image import NewImage
from xenia.model.job import JobState
from xenia.model.request import CreateRequest
from xenia.storage.images import copy as copying
from xenia.storage.lock import lock

__all__ = ["images", "manager"]


@pytest.fixture
def disk(images: Path) -> Path:
    """An image with something at its beginning, a hole, and something at its end."""
    with (images / "disk").open("wb") as file:
        file.write(b"begin" * 1000)
        file.seek(8 * MIB - 512)
        file.write(b"e" * 512)
    return images / "disk"


async def test_a_linked_clone_is_based_on_its_source_which_is_released_with_it(
    manager: Manager, disk: Path, images: Path
) -> None:
    for name in ("one", "two"):
        await done(manager, clone(manager.images, "disk", name, OPERATOR, full=False))
    assert disk.stat().st_mode & 0o222 == 0
    error = await failed(manager, delete(manager.images, "disk", ROOT, force=True))
    assert error["kind"] == "conflict"
    assert f"{images}/one, {images}/two" in error["detail"]
    assert (await done(manager, delete(manager.images, "one", OPERATOR)))["notes"] == []
    assert disk.stat().st_mode & 0o222 == 0
    (note,) = (await done(manager, delete(manager.images, "two", OPERATOR)))["notes"]
    assert "may be written to again" in note
    assert disk.stat().st_mode & 0o200
    await done(manager, delete(manager.images, "disk", OPERATOR))
    assert list(images.iterdir()) == []


async def test_a_full_clone_stands_alone_and_its_holes_stay_holes(manager: Manager, disk: Path, images: Path) -> None:
    result = await done(manager, clone(manager.images, "disk", "sub/copy", OPERATOR, full=True))
    assert (images / "sub/copy").read_bytes() == disk.read_bytes()
    assert result["image"]["allocated"] <= disk.stat().st_blocks * 512
    assert disk.stat().st_mode & 0o200


async def test_no_copy_is_made_of_what_is_written_to(manager: Manager, disk: Path, images: Path) -> None:
    with disk.open("r+b") as writer:
        lock(writer.fileno(), write=True, path=str(disk))
        for job in (
            clone(manager.images, "disk", "copy", ROOT, full=True),
            clone(manager.images, "disk", "copy", ROOT, full=False),
            delete(manager.images, "disk", ROOT),
        ):
            assert (await failed(manager, job))["kind"] == "conflict"
    assert list(images.iterdir()) == [disk]


@pytest.mark.parametrize("trouble", ["full", "cancelled"])
async def test_a_copy_that_is_cut_off_leaves_nothing(
    manager: Manager, disk: Path, images: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    real, at_work = copying._copy_some, asyncio.Event()
    loop = asyncio.get_running_loop()

    def cut_off(source: int, target: int, position: int, size: int) -> int:
        if position == 0:
            loop.call_soon_threadsafe(at_work.set)
            return real(source, target, position, size)
        if trouble == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return position

    monkeypatch.setattr(copying, "_copy_some", cut_off)
    monkeypatch.setattr(copying, "_shares", lambda *_: False)
    job = clone(manager.images, "disk", "sub/copy", ROOT, full=True)
    await at_work.wait()
    if trouble == "cancelled":
        job = await manager.cancel(job.id, ROOT)
        assert job.state is JobState.CANCELLED
    else:
        assert (await failed(manager, job))["hint"] == "free some space and try again"
    assert list(images.iterdir()) == [disk]


async def test_what_a_domain_has_is_not_removed(manager: Manager, disk: Path, images: Path, tmp_path: Path) -> None:
    text = f"name = 'web'\ndisk = ['file:{disk},xvda,w']\n"
    (tmp_path / "web.cfg").write_text(text)
    error = await failed(manager, delete(manager.images, "disk", ROOT))
    assert "xvda of domain 'web', as its guest file says" in error["detail"]
    await done(manager, manager.create(CreateRequest(text), ROOT))
    error = await failed(manager, delete(manager.images, "disk", ROOT, force=True))
    assert "which runs" in error["detail"]
    await done(manager, manager.operate("destroy", "web", ROOT))
    await done(manager, delete(manager.images, "disk", ROOT, force=True))
    assert not disk.exists()


async def test_what_is_no_image_and_what_lies_elsewhere_is_not_removed(
    manager: Manager, images: Path, tmp_path: Path
) -> None:
    (images / "notes").write_text("no image")
    (tmp_path / "other").write_bytes(bytes(512))
    (images / "link").symlink_to(tmp_path / "other")
    for path, kind in (("notes", "invalid"), ("link", "denied"), ("missing", "not_found"), ("", "invalid")):
        assert (await failed(manager, delete(manager.images, path, OPERATOR)))["kind"] == kind
    assert (tmp_path / "other").exists()
    assert (images / "notes").exists()


async def test_what_is_based_on_another_is_not_copied_alone_and_nothing_is_overwritten(
    manager: Manager, disk: Path
) -> None:
    await done(manager, manager.images.create(NewImage("top.qcow2", None, backing="disk"), ROOT))
    error = await failed(manager, clone(manager.images, "top.qcow2", "copy", ROOT, full=True))
    assert "it is based on" in error["detail"]
    for full in (False, True):
        assert (await failed(manager, clone(manager.images, "disk", "top.qcow2", ROOT, full=full)))[
            "kind"
        ] == "conflict"
