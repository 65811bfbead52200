"""Images made larger: what is in them stays, and nothing of others appears."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, make_qcow2, manager, run

from xenia.manager.image_check import check
from xenia.manager.image_clone import clone
from xenia.manager.image_resize import resize
from xenia.manager.manager import Manager
from xenia.model.image import NewImage
from xenia.storage.lock import lock

__all__ = ["images", "manager"]


async def test_a_raw_image_grows_by_a_hole(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(b"x" * MIB)
    result = await done(manager, resize(manager.images, "disk", 8 * MIB, OPERATOR))
    assert result["image"]["size"] == 8 * MIB
    assert (images / "disk").read_bytes() == b"x" * MIB + b"\0" * 7 * MIB
    assert (images / "disk").stat().st_blocks * 512 == MIB
    assert (await done(manager, resize(manager.images, "disk", 8 * MIB, OPERATOR)))["image"]["size"] == 8 * MIB


async def test_a_qcow2_image_grows_with_its_tables(manager: Manager, images: Path) -> None:
    await done(manager, manager.images.create(NewImage("web.qcow2", 4 * MIB), ROOT))
    run("qemu-io", "-c", "write -q -P 7 0 1M", str(images / "web.qcow2"))
    result = await done(manager, resize(manager.images, "web.qcow2", 8 << 40, OPERATOR))
    assert result["image"]["size"] == 8 << 40
    assert (images / "web.qcow2").stat().st_size < 4 * MIB
    assert (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"]["errors"] == 0
    run("qemu-io", "-c", "read -q -P 7 0 1M", "-c", "read -q -P 0 1M 3M", str(images / "web.qcow2"))


async def test_what_a_larger_base_holds_does_not_appear(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(b"secret.." * (MIB // 4))
    make_qcow2(images / "top", "base")
    error = await failed(manager, resize(manager.images, "top", 2 * MIB, ROOT))
    assert error["kind"] == "invalid"
    assert "based on an image that is larger" in error["detail"]


async def test_an_image_that_is_based_on_another_grows(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(b"secret.." * (MIB // 8))
    await done(manager, clone(manager.images, "base", "top", ROOT, full=False))
    await done(manager, resize(manager.images, "top", 4 * MIB, ROOT))
    run("qemu-io", "-c", "read -q -P 0 1M 3M", str(images / "top"))
    assert (await failed(manager, resize(manager.images, "base", 4 * MIB, ROOT)))["kind"] == "denied"


async def test_an_empty_file_becomes_a_disk(manager: Manager, images: Path) -> None:
    (images / "disk").touch()
    assert (await done(manager, resize(manager.images, "disk", MIB, ROOT)))["image"]["size"] == MIB


@pytest.mark.parametrize("size", [MIB // 2, 8 * MIB + 1, 1 << 61])
async def test_a_size_that_cannot_be_changes_nothing(manager: Manager, images: Path, size: int) -> None:
    (images / "disk").write_bytes(b"x" * MIB)
    assert (await failed(manager, resize(manager.images, "disk", size, ROOT)))["kind"] == "invalid"
    assert (images / "disk").stat().st_size == MIB


async def test_an_image_in_use_is_not_changed(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(b"x" * MIB)
    descriptor = os.open(images / "disk", os.O_RDONLY)
    try:
        lock(descriptor, write=False, path="disk")
        assert (await failed(manager, resize(manager.images, "disk", 8 * MIB, ROOT)))["kind"] == "conflict"
    finally:
        os.close(descriptor)
