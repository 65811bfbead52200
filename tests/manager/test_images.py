"""Images below the roots: made, listed with who uses them, and looked at."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really, request

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.image import ImageFormat, ImageUser, NewImage
from xenia.model.job import Job, JobState

MIB = 1 << 20
OPERATOR = Caller(1000, "op", Role.OPERATOR)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


@pytest.fixture
async def manager(tmp_path: Path, images: Path) -> AsyncIterator[Manager]:
    world = World(folder=tmp_path, image_roots=(str(images),), read=read_really)
    made = world.boot()
    await made.start()
    yield made
    await made.close()


async def done(manager: Manager, job: Job) -> dict[str, Any]:
    job = await manager.wait(job.id, 60)
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return job.result


async def failed(manager: Manager, job: Job) -> dict[str, Any]:
    job = await manager.wait(job.id, 60)
    assert job.state is JobState.FAILED, job
    assert job.error is not None
    return job.error


def run(*words: str, said: str = "") -> None:
    subprocess.run(words, input=said, text=True, check=True)


def make_qcow2(path: Path, backing: str) -> None:
    run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", str(path), "1M")


async def test_a_raw_image_takes_no_space_and_its_folders_are_made(manager: Manager, images: Path) -> None:
    result = await done(manager, manager.images.create(NewImage("winxp/hdimage", 8000 * MIB), OPERATOR))
    made = images / "winxp/hdimage"
    assert (made.stat().st_size, made.stat().st_blocks, made.stat().st_mode & 0o777) == (8000 * MIB, 0, 0o600)
    assert result["image"]["path"] == str(made)
    assert (result["image"]["format"], result["image"]["allocated"]) == ("raw", 0)


async def test_preallocated_space_is_taken_and_what_does_not_fit_is_refused_first(
    manager: Manager, images: Path
) -> None:
    await done(manager, manager.images.create(NewImage("full", MIB, preallocate=True), ROOT))
    assert (images / "full").stat().st_blocks * 512 >= MIB
    error = await failed(manager, manager.images.create(NewImage("huge/x", 1 << 50, preallocate=True), ROOT))
    assert (error["kind"], error["hint"]) == ("unavailable", "free some space, or choose another folder")
    assert sorted(each.name for each in images.iterdir()) == ["full"]


async def test_what_could_never_be_filled_is_made_and_said(manager: Manager) -> None:
    result = await done(manager, manager.images.create(NewImage("thin.qcow2", 1 << 43), ROOT))
    assert "it cannot be filled" in result["notes"][0]
    assert result["image"]["format"] == "qcow2"


async def test_an_image_that_is_based_on_another_has_its_size_and_both_tell_of_it(
    manager: Manager, images: Path
) -> None:
    await done(manager, manager.images.create(NewImage("base.qcow2", 3 * MIB), ROOT))
    await done(manager, manager.images.create(NewImage("sub/top", None, backing="base.qcow2"), ROOT))
    info = await manager.images.info("sub/top", OPERATOR)
    assert (info.image.size, info.image.format) == (3 * MIB, "qcow2")
    assert [each.path for each in info.chain] == [str(images / "base.qcow2")]
    base = await manager.images.info("base.qcow2", ROOT)
    assert (base.image.clones, base.protected) == ((str(images / "sub/top"),), True)


@pytest.mark.parametrize(
    ("wish", "kind", "words"),
    [
        (NewImage("../out", MIB), "invalid", "cannot be the name of an image"),
        (NewImage("a/", MIB), "invalid", "cannot be the name of an image"),
        (NewImage("nul\0", MIB), "invalid", "cannot be the name of an image"),
        (NewImage("there", MIB), "conflict", "there is a file"),
        (NewImage("there/below", MIB), "unavailable", "Not a directory"),
        (NewImage("/etc/xenia-image", MIB), "denied", "outside the folders"),
        (NewImage("link/image", MIB), "denied", "outside the folders"),
        (NewImage("odd", 1000), "invalid", "whole sectors"),
        (NewImage("none", None), "invalid", "has no size"),
        (NewImage("raw", None, ImageFormat.RAW, backing="there"), "invalid", "only a qcow2 image"),
        (NewImage("top", None, backing="missing"), "not_found", "does not exist"),
        (NewImage("top", None, backing="/etc/passwd"), "denied", "outside the folders"),
        (NewImage("top", None, backing="old.vmdk"), "invalid", "in the format vmdk"),
    ],
)
async def test_what_cannot_be_made_is_refused_and_leaves_nothing(
    manager: Manager, images: Path, wish: NewImage, kind: str, words: str
) -> None:
    (images / "there").write_bytes(bytes(512))
    (images / "link").symlink_to("/tmp")
    (images / "old.vmdk").write_bytes(b"KDMV" + bytes(8) + (8).to_bytes(8, "little") + bytes(500))
    before = sorted(images.rglob("*"))
    error = await failed(manager, manager.images.create(wish, OPERATOR))
    assert error["kind"] == kind
    assert words in error["detail"]
    assert sorted(images.rglob("*")) == before


async def test_the_list_shows_who_uses_each_and_leaves_out_what_is_no_disk(
    manager: Manager, images: Path, tmp_path: Path
) -> None:
    for name in ("web", "spare", "running"):
        (images / name).write_bytes(bytes(1024))
    (images / "notes.txt").write_text("no disk")
    (images / "link").symlink_to("web")
    (tmp_path / "web.cfg").write_text(f"name = 'web'\ndisk = ['file:{images}/link,xvda,w']\n")
    text = f"name = 'live'\ndisk = ['file:{images}/running,xvda,w']\n"
    await done(manager, manager.create(request("live").__class__(text), ROOT))
    found = {Path(each.path).name: each for each in (await manager.images.list(OPERATOR)).images}
    assert set(found) == {"web", "spare", "running"}
    assert found["web"].users == (ImageUser("web", "xvda"),)
    assert found["running"].users == (ImageUser("live", "xvda", runs=True),)
    assert found["spare"].users == ()


async def test_a_raw_disk_stays_raw_whatever_its_guest_has_written_to_it(
    manager: Manager, images: Path, tmp_path: Path
) -> None:
    """The format of a disk is not probed where a guest file says it: the guest may have written a header itself."""
    make_qcow2(images / "web", "/etc/passwd")
    os.truncate(images / "web", MIB)
    (tmp_path / "web.cfg").write_text(f"name = 'web'\ndisk = ['file:{images}/web,xvda,w']\n")
    info = await manager.images.info("web", ROOT)
    assert (info.image.format, info.image.size, info.chain) == ("raw", MIB, ())
    assert "taken as raw: domain 'web'" in info.notes[0]


async def test_no_image_leads_a_look_to_another_file(manager: Manager, images: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(510) + b"\x55\xaa" + bytes(512))
    for number, name in enumerate((str(secret), "../secret", "json:{}", "nbd:localhost:1", "/dev/null")):
        make_qcow2(images / f"top{number}", name)
        for caller in (OPERATOR, ROOT):
            (below,) = (await manager.images.info(f"top{number}", caller)).chain
            assert (below.size, below.allocated) == (0, 0)
            assert below.problem


async def test_partitions_are_told(manager: Manager, images: Path) -> None:
    await done(manager, manager.images.create(NewImage("disk", 64 * MIB), ROOT))
    run("sfdisk", "-q", str(images / "disk"), said="label: gpt\nsize=16MiB\nsize=+\n")
    layout = (await manager.images.info("disk", ROOT)).layout
    assert (layout.table, [(each.start, each.size) for each in layout.partitions][:1]) == (
        "gpt",
        [(MIB, 16 * MIB)],
    )


async def test_only_who_may_use_domains_may_look_at_images(manager: Manager) -> None:
    viewer = Caller(5, "viewer", Role.VIEWER)
    with pytest.raises(XeniaError) as raised:
        await manager.images.list(viewer)
    assert raised.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError):
        manager.images.create(NewImage("a", MIB), viewer)
