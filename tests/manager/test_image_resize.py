"""Images made larger or smaller: what is in them stays, and nothing of others appears."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, make_qcow2, manager, run

from xenia.manager.image_check import check
from xenia.manager.image_clone import clone
from xenia.manager.image_partition import partition
from xenia.manager.image_resize import resize
from xenia.manager.manager import Manager
from xenia.model.image import NewImage, NewPartition, PartitionKind, TableKind
from xenia.model.request import CreateRequest
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


def verified(image: Path) -> str:
    """What sfdisk says of its table."""
    return subprocess.run(["sfdisk", "--verify", image], capture_output=True, text=True, check=True).stdout


async def shrunk(manager: Manager, name: str, size: int) -> list[str]:
    result = await done(manager, resize(manager.images, name, size, ROOT, shrink=True))
    assert result["image"]["size"] == size
    return list(result["notes"])


async def refused(manager: Manager, name: str, size: int, kind: str = "conflict") -> str:
    error = await failed(manager, resize(manager.images, name, size, ROOT, shrink=True))
    assert error["kind"] == kind
    return str(error["detail"])


async def test_one_grows_smaller_where_that_is_said(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(b"x" * 2 * MIB)
    error = await failed(manager, resize(manager.images, "disk", MIB, ROOT))
    assert error["hint"] == "where nothing does: xm disk resize --shrink"
    assert await shrunk(manager, "disk", MIB) == []
    assert (images / "disk").read_bytes() == b"x" * MIB


async def test_a_qcow2_image_grows_smaller(manager: Manager, images: Path) -> None:
    await done(manager, manager.images.create(NewImage("web.qcow2", 256 * MIB), ROOT))
    assert await shrunk(manager, "web.qcow2", 128 * MIB) == []
    run("qemu-io", "-c", "write -q -P 7 0 128M", str(images / "web.qcow2"))
    await shrunk(manager, "web.qcow2", MIB)
    assert (images / "web.qcow2").stat().st_blocks * 512 < 3 * MIB
    run("qemu-io", "-c", "read -q -P 7 0 1M", str(images / "web.qcow2"))
    assert (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"]["errors"] == 0


@pytest.mark.parametrize("form", ["raw", "qcow2"])
async def test_a_gpt_has_its_second_table_at_the_new_end(manager: Manager, images: Path, form: str) -> None:
    image = images / "disk"
    run("qemu-img", "create", "-q", "-f", form, str(image), "64M")
    wanted = [NewPartition(8 * MIB, PartitionKind.EFI), NewPartition(16 * MIB)]
    await done(manager, partition(manager.images, "disk", TableKind.GPT, wanted, ROOT))
    run("qemu-io", "-f", form, "-c", "write -q -P 7 24M 1M", str(image))
    least = 25 * MIB + 33 * 512
    assert f"than {least} bytes: partition 2 and a second" in await refused(manager, "disk", least - 512)
    assert await shrunk(manager, "disk", least) == ["its second partition table is at its new end"]
    run("qemu-img", "convert", "-f", form, "-O", "raw", str(image), str(images / "copy"))
    assert (images / "copy").stat().st_size == least
    assert "No errors detected" in verified(images / "copy")
    run("qemu-io", "-f", form, "-c", "read -q -P 7 24M 1M", str(image))
    if form == "qcow2":
        run("qemu-img", "check", "-q", str(image))
    whole = (images / "copy").read_bytes()
    assert whole[-512:-504] == b"EFI PART"
    assert await shrunk(manager, "disk", least) == []


async def test_a_damaged_gpt_is_not_cut(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(bytes(64 * MIB))
    await done(manager, partition(manager.images, "disk", TableKind.GPT, [NewPartition(8 * MIB)], ROOT))
    content = (images / "disk").read_bytes()
    for at, what in ((512, "its GPT is damaged"), (512 + 48, "table is damaged"), (1024 + 40, "table is damaged")):
        (images / "disk").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert what in await refused(manager, "disk", 32 * MIB)
        assert (images / "disk").stat().st_size == 64 * MIB


async def test_an_mbr_with_logical_partitions(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(bytes(64 * MIB))
    disk = images / "disk"
    script = f"label: dos\n{disk}1: size=8M, type=83\n{disk}2: size=32M, type=5\n{disk}5: size=4M, type=83\n"
    subprocess.run(["sfdisk", "-q", images / "disk"], input=script.encode(), check=True)  # noqa: ASYNC221
    assert f"than {41 * MIB} bytes: the extended partition reaches so far" in await refused(manager, "disk", 40 * MIB)
    await shrunk(manager, "disk", 41 * MIB)
    assert "No errors detected" in verified(images / "disk")


async def test_a_file_system_is_not_cut(manager: Manager, images: Path) -> None:
    (images / "disk").write_bytes(bytes(32 * MIB))
    run("mkfs.ext4", "-q", "-b", "1024", str(images / "disk"), "20000")
    assert f"than {20000 * 1024} bytes: the file system" in await refused(manager, "disk", 16 * MIB)
    await shrunk(manager, "disk", 20000 * 1024)
    run("e2fsck", "-fn", str(images / "disk"))
    (images / "swap").write_bytes(bytes(32 * MIB))
    run("mkswap", str(images / "swap"))
    assert "it is swap space, of which is not known" in await refused(manager, "swap", 16 * MIB)


async def test_what_others_count_on_is_not_cut(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(b"x" * 4 * MIB)
    await done(manager, clone(manager.images, "base", "top", ROOT, full=False))
    assert "other images are based on" in await refused(manager, "base", MIB)
    assert "is based on" in await refused(manager, "top", MIB)
    (images / "disk").write_bytes(b"x" * 4 * MIB)
    text = f"name = 'a'\nbuilder = 'hvm'\ndisk = ['file:{images}/disk,xvda,w']\n"
    await done(manager, manager.create(CreateRequest(text), ROOT))
    assert "which runs" in await refused(manager, "disk", MIB)
    await done(manager, manager.suspending.suspend("a", ROOT))
    assert "domain 'a', which is suspended" in await refused(manager, "disk", MIB)
    assert (images / "disk").stat().st_size == 4 * MIB
