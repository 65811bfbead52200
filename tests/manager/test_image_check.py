"""Images checked and repaired; those of strangers lead to no other file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.manager.test_images import OPERATOR, ROOT, done, failed, images, manager, run

from xenia.manager.image_check import check
from xenia.manager.manager import Manager
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.lock import lock

__all__ = ["images", "manager"]

pytestmark = pytest.mark.skipif(shutil.which("qemu-storage-daemon") is None, reason="no qemu-storage-daemon")

CLUSTER = 65536
SOUND = {"errors": 0, "leaks": 0, "repaired": 0, "freed": 0, "allocated": 16, "total": 64}


@pytest.fixture
def qcow2(images: Path) -> Path:
    """An image with one MiB of content: header, refcount table and block, L1 and L2 table, and 16 clusters."""
    path = images / "web.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", str(path), "4M")
    run("qemu-io", "-c", "write -q -P 7 0 1M", str(path))
    return path


def write_at(path: Path, position: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(content)


async def test_a_sound_image_stays_as_it_is(manager: Manager, qcow2: Path) -> None:
    before = qcow2.read_bytes()
    for repair in (False, True):
        result = await done(manager, check(manager.images, "web.qcow2", OPERATOR, repair=repair))
        assert (result["path"], result["check"]) == (str(qcow2), SOUND)
        assert qcow2.read_bytes().rstrip(b"\0") == before.rstrip(b"\0")
        assert qcow2.stat().st_size <= len(before) + CLUSTER


@pytest.mark.parametrize("counted", [b"\0\0", b"\0\5"], ids=["in use and free", "more than in use"])
async def test_a_damaged_count_is_found_and_repaired(manager: Manager, qcow2: Path, counted: bytes) -> None:
    write_at(qcow2, 2 * CLUSTER + 2 * 6, counted)
    found = (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"]
    assert found["errors"] + found["leaks"] > 0
    await done(manager, check(manager.images, "web.qcow2", ROOT, repair=True))
    assert (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"] == SOUND
    run("qemu-io", "-c", "read -q -P 7 0 1M", str(qcow2))


async def test_a_lost_table_of_counts_is_made_anew(manager: Manager, qcow2: Path) -> None:
    write_at(qcow2, CLUSTER, b"\0" * 8)
    assert (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"]["errors"] > 0
    await done(manager, check(manager.images, "web.qcow2", ROOT, repair=True))
    found = (await done(manager, check(manager.images, "web.qcow2", ROOT)))["check"]
    assert (found["errors"], found["allocated"]) == (0, 16)
    run("qemu-io", "-c", "read -q -P 7 0 1M", str(qcow2))
    assert qcow2.stat().st_size < 8 << 20


async def test_what_is_in_use_or_no_qcow2_is_refused(manager: Manager, qcow2: Path, images: Path) -> None:
    with qcow2.open("r+b") as writer:
        lock(writer.fileno(), write=True, path=str(qcow2))
        assert (await failed(manager, check(manager.images, "web.qcow2", ROOT)))["kind"] == "conflict"
    (images / "raw").write_bytes(b"\0" * 512)
    error = await failed(manager, check(manager.images, "raw", ROOT))
    assert (error["kind"], error["detail"]) == ("invalid", f"'{images}/raw' is raw: only qcow2 images can be checked")
    qcow2.chmod(0o444)
    assert (await failed(manager, check(manager.images, "web.qcow2", ROOT, repair=True)))["kind"] == "denied"


@pytest.mark.parametrize(
    "backing", ["/etc/shadow", 'json:{"driver":"file","filename":"/etc/shadow"}', "nbd://127.0.0.1:1/x"]
)
async def test_a_base_is_never_opened(manager: Manager, images: Path, backing: str) -> None:
    run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", str(images / "evil"), "4M")
    assert (await done(manager, check(manager.images, "evil", OPERATOR)))["check"] == {**SOUND, "allocated": 0}


async def test_a_data_file_is_refused_and_could_not_be_read(manager: Manager, images: Path, tmp_path: Path) -> None:
    secret, evil = tmp_path / "secret", images / "evil"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={secret}", str(evil), "4M")
    secret.chmod(0o600)
    error = await failed(manager, check(manager.images, "evil", OPERATOR))
    assert "it keeps its data in another file" in error["detail"]
    if os.geteuid() != 0:
        return
    # A header that has changed since it was looked at: the program that reads it cannot follow it.
    descriptor = os.open(evil, os.O_RDWR | os.O_CLOEXEC)
    try:
        ended = await QemuImg(65534).check(descriptor, repair=True, block_device=False, seconds=60)
    finally:
        os.close(descriptor)
    assert ended.code == 1
    assert "Permission denied" in ended.err
    assert secret.stat().st_size == 4 << 20
