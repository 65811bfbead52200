"""Images made of others: what their guest would read is in them, and nothing of other files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, make_qcow2, manager, run

from xenia.manager.image_clone import clone
from xenia.manager.image_convert import convert
from xenia.manager.manager import Manager
from xenia.model.image import ImageFormat
from xenia.storage.lock import lock

__all__ = ["images", "manager"]

pytestmark = pytest.mark.skipif(shutil.which("qemu-storage-daemon") is None, reason="no qemu-storage-daemon")

READ = ["vmdk", "vpc", "vhdx", "vdi", "qcow", "qed", "qcow2", "raw"]
CONTENT = ("write -q -P 7 0 64k", "write -q -P 8 5M 300k", "write -q -P 9 32764k 4k")


def make(path: Path, form: str, *options: str, size: str = "32M") -> None:
    run("qemu-img", "create", "-q", "-f", form, *options, str(path), size)
    for command in CONTENT:
        run("qemu-io", "-f", form, "-c", command, str(path))


def compare(one: Path, form: str, other: Path, other_form: str) -> None:
    run("qemu-img", "compare", "-q", "-f", form, "-F", other_form, str(one), str(other))


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("wanted", ["raw", "qcow2"])
async def test_each_format_is_read_and_holes_stay_holes(manager: Manager, images: Path, form: str, wanted: str) -> None:
    make(images / "old", form)
    result = await done(manager, convert(manager.images, "old", f"new/web.{wanted}", OPERATOR))
    made = images / f"new/web.{wanted}"
    assert (result["image"]["path"], result["image"]["format"]) == (str(made), wanted)
    assert result["image"]["size"] % MIB in (0, result["image"]["size"] - 32 * MIB)
    compare(images / "old", form, made, wanted)
    assert made.stat().st_blocks * 512 < MIB
    assert made.stat().st_mode & 0o777 == 0o600
    if wanted == "qcow2":
        run("qemu-img", "check", "-q", str(made))
        assert made.stat().st_size < 2 * MIB


@pytest.mark.parametrize(
    ("form", "options"),
    [("vmdk", ["-o", "subformat=streamOptimized"]), ("vpc", ["-o", "subformat=fixed"]), ("vdi", ["-o", "static=on"])],
    ids=["compressed", "fixed vhd", "static vdi"],
)
async def test_other_ways_to_write_a_format_are_read(
    manager: Manager, images: Path, form: str, options: list[str]
) -> None:
    make(images / "plain", "raw")
    run("qemu-img", "convert", "-f", "raw", "-O", form, *options, str(images / "plain"), str(images / "old"))
    await done(manager, convert(manager.images, "old", "new.qcow2", OPERATOR))
    compare(images / "old", form, images / "new.qcow2", "qcow2")


async def test_a_chain_of_ours_becomes_one_image(manager: Manager, images: Path) -> None:
    make(images / "base", "raw")
    await done(manager, clone(manager.images, "base", "middle", ROOT, full=False))
    run("qemu-io", "-c", "write -q -P 5 1M 1M", str(images / "middle"))
    await done(manager, clone(manager.images, "middle", "top", ROOT, full=False))
    run("qemu-io", "-c", "write -q -P 6 2M 1M", str(images / "top"))
    result = await done(manager, convert(manager.images, "top", "alone.qcow2", OPERATOR))
    assert result["notes"] == [f"{images}/top was read as a qcow2 image, based on {images}/middle"]
    assert result["image"]["backing"] == ""
    compare(images / "top", "qcow2", images / "alone.qcow2", "qcow2")


@pytest.mark.parametrize(
    ("backing", "kind"),
    [
        ("/etc/shadow", "denied"),
        ("../outside", "denied"),
        ('json:{"driver":"file","filename":"/etc/shadow"}', "invalid"),
        ("nbd://127.0.0.1:1/x", "invalid"),
        ("gone", "not_found"),
    ],
)
async def test_no_base_elsewhere_is_read(manager: Manager, images: Path, backing: str, kind: str) -> None:
    (images.parent / "outside").write_bytes(b"secret" * MIB)
    make_qcow2(images / "evil", backing)
    for caller in (OPERATOR, ROOT):
        error = await failed(manager, convert(manager.images, "evil", "new", caller))
        assert error["kind"] == kind, error
    assert not (images / "new").exists()


async def test_content_in_other_files_is_refused(manager: Manager, images: Path) -> None:
    run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", str(images / "flat.vmdk"), "4M")
    make(images / "base.vmdk", "vmdk")
    run("qemu-img", "create", "-q", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk", str(images / "snapshot.vmdk"))
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={images}/data", str(images / "evil"), "4M")
    said = [await failed(manager, convert(manager.images, name, "new", ROOT)) for name in _ELSEWHERE]
    assert [error["kind"] for error in said] == ["invalid"] * 3
    assert [error["detail"].partition(": ")[2] for error in said] == list(_ELSEWHERE.values())


_ELSEWHERE = {
    "flat.vmdk": "it only describes a disk: its content is in other files",
    "snapshot.vmdk": "it holds only the difference to another image",
    "evil": "it keeps its data in another file",
}


async def test_a_raw_disk_is_what_it_is_said_to_be(manager: Manager, images: Path) -> None:
    make_qcow2(images / "disk", "/etc/shadow")
    await done(manager, convert(manager.images, "disk", "copy", OPERATOR, raw=True))
    assert (images / "copy").read_bytes().startswith((images / "disk").read_bytes())


async def test_who_writes_to_the_source_is_in_the_way(manager: Manager, images: Path) -> None:
    for form in ("raw", "vdi"):
        make(images / form, form)
        with (images / form).open("r+b") as writer:
            lock(writer.fileno(), write=True, path=form)
            assert (await failed(manager, convert(manager.images, form, "new", ROOT)))["kind"] == "conflict"


async def test_what_cannot_be_read_leaves_nothing(manager: Manager, images: Path) -> None:
    make(images / "old", "qcow2")
    with (images / "old").open("r+b") as file:
        file.seek(3 * 65536)
        file.write(b"\xff" * 65536)
    error = await failed(manager, convert(manager.images, "old", "new/x", ROOT))
    assert error["kind"] == "invalid"
    assert [each.name for each in images.iterdir()] == ["old"]
    assert (await failed(manager, convert(manager.images, "old", "old", ROOT)))["kind"] == "conflict"


async def test_a_cancelled_one_leaves_nothing(manager: Manager, images: Path) -> None:
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=falloc", str(images / "old"), "512M")
    job = convert(manager.images, "old", "new", ROOT, form=ImageFormat.QCOW2)
    await manager.wait(job.id, 0.05)
    await manager.images.jobs.cancel(job.id, ROOT)
    assert [each.name for each in images.iterdir()] == ["old"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
async def test_a_full_disk_leaves_nothing(manager: Manager, images: Path) -> None:
    make(images / "old", "raw", size="200M")
    run("qemu-io", "-f", "raw", "-c", "write -q -P 3 0 120M", str(images / "old"))
    small = images / "small"
    small.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=100M", "none", str(small))
    try:
        error = await failed(manager, convert(manager.images, "old", "small/new.qcow2", ROOT))
        assert (error["kind"], error["hint"]) == ("unavailable", "free some space, or choose another folder")
        assert not [*small.iterdir()]
    finally:
        run("umount", str(small))
