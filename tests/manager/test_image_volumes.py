"""Images that are volumes of LVM: listed with the others, and what is refused before LVM is told. What becomes of them
is seen by tests/live/test_volumes.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, failed, images
from tests.storage.test_volumes import FakeLvm
from tests.support.world import World, read_really

from xenia.manager.image_clone import clone
from xenia.manager.image_convert import convert
from xenia.manager.image_resize import resize
from xenia.manager.manager import Manager
from xenia.model.caller import Caller
from xenia.model.image import ImageFormat, ImageUser, NewImage
from xenia.storage.volumes.volumes import Volumes

__all__ = ["images"]

GUEST = "name = 'web'\nkernel = '/k'\nmemory = 64\ndisk = ['phy:/dev/vg0/snap,xvda,w', 'phy:vg0/cow,xvdb,w']\n"


@pytest.fixture
def lvm() -> FakeLvm:
    return FakeLvm()


@pytest.fixture
async def manager(tmp_path: Path, images: Path, lvm: FakeLvm) -> AsyncIterator[Manager]:
    world = World(folder=tmp_path, image_roots=(str(images),), read=read_really, volumes=Volumes(("vg0", "gone"), lvm))
    made = world.boot()
    await made.start()
    lvm.told.clear()
    yield made
    await made.close()


async def test_a_new_xend_removes_what_is_not_whole(tmp_path: Path, images: Path, lvm: FakeLvm) -> None:
    world = World(folder=tmp_path, image_roots=(str(images),), volumes=Volumes(("vg0",), lvm))
    made = world.boot()
    await made.start()
    assert lvm.told == [("lvremove", "--yes", "vg0/web")]
    await made.close()


async def test_volumes_are_listed_with_who_uses_them(manager: Manager, tmp_path: Path) -> None:
    (tmp_path / "guests").mkdir(exist_ok=True)
    await manager.guest_files.put("web.cfg", GUEST, ROOT, None)
    found = await manager.images.list(OPERATOR)
    shown = {image.path: image for image in found.images}
    assert shown["/dev/vg0/snap"].users == (ImageUser("web", "xvda"),)
    assert (shown["/dev/vg0/web"].problem, shown["/dev/vg0/sleeping"].problem) == (
        *("it is being made",),
        "it is not active",
    )
    assert shown["/dev/vg0/cow"].backing == "/dev/vg0/web"
    assert shown["/dev/vg0/web"].clones == ("/dev/vg0/cow",)
    assert shown["/dev/vg0/web"].users == (ImageUser("web", "xvdb"),)
    assert [(group.name, group.problem) for group in found.groups] == [("vg0", ""), ("gone", "there is none")]


@pytest.mark.parametrize(
    ("wish", "caller", "kind", "words"),
    [
        (NewImage("/dev/vg0/new", MIB, ImageFormat.QCOW2), ROOT, "invalid", "holds a raw disk"),
        (NewImage("/dev/vg0/new", MIB, backing="base"), ROOT, "invalid", "based on no other image"),
        (NewImage("/dev/vg0/new", None), ROOT, "invalid", "has no size"),
        (NewImage("/dev/vg0/new", 1000), ROOT, "invalid", "whole sectors"),
        (NewImage("/dev/vg0/new", MIB, wiped=False), OPERATOR, "denied", "not wiped"),
        (NewImage("/dev/vg0/new", MIB, preallocate=True, pool="pool0"), ROOT, "invalid", "thin volume takes"),
        (NewImage("/dev/vg0/new", MIB, pool="vg1/pool0"), ROOT, "invalid", "no thin pool of the volume group vg0"),
        (NewImage("/dev/other/new", MIB), ROOT, "denied", "volume_groups in xend.toml"),
        (NewImage("/dev/other/new", MIB), OPERATOR, "denied", "volume_groups in xend.toml"),
        (NewImage("/dev/new.img", MIB), ROOT, "invalid", "lies in /dev"),
        (NewImage("new.img", MIB, pool="pool0"), ROOT, "invalid", "no volume, which alone"),
    ],
)
async def test_what_cannot_be_made_is_refused(
    manager: Manager, lvm: FakeLvm, images: Path, wish: NewImage, caller: Caller, kind: str, words: str
) -> None:
    error = await failed(manager, manager.images.create(wish, caller))
    assert (error["kind"], words in error["detail"]) == (kind, True), error
    assert lvm.told == []
    assert not list(images.iterdir())


async def test_files_and_volumes_are_based_on_none_of_the_other_kind(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(bytes(MIB))
    error = await failed(manager, clone(manager.images, "base", "/dev/vg0/new", ROOT, full=False))
    assert error["detail"] == "no volume is based on a file"
    error = await failed(manager, clone(manager.images, "base", "new", ROOT, full=True, pool="pool0"))
    assert "no volume, which alone" in error["detail"]
    error = await failed(
        manager, convert(manager.images, "base", "/dev/vg0/new", ROOT, form=ImageFormat.QCOW2, pool="pool0")
    )
    assert "holds a raw disk" in error["detail"]


async def test_a_volume_without_a_device_says_what_it_is(manager: Manager) -> None:
    error = await failed(manager, resize(manager.images, "/dev/vg0/sleeping", MIB, ROOT))
    assert (error["kind"], error["hint"]) == (
        "conflict",
        "lvchange --activate y --ignoreactivationskip vg0/sleeping",
    )
    error = await failed(manager, resize(manager.images, "/dev/vg0/pool0", MIB, ROOT))
    assert "is a thin pool, and no disk" in error["detail"]
    error = await failed(manager, resize(manager.images, "/dev/vg0/none", MIB, ROOT))
    assert (error["kind"], error["detail"]) == ("not_found", "there is no volume /dev/vg0/none")
