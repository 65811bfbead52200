"""Versions of guest files: bounded, the newest kept, nothing half."""

from __future__ import annotations

import pytest
from tests.support.world import MemoryFiles, World

from xenia.model.errors import XeniaError
from xenia.store.versions import KEEP, KEEP_BYTES, Versions


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def versions(world: World) -> Versions:
    return Versions(MemoryFiles(world), world.clock)


async def test_the_oldest_go_when_there_are_too_many(world: World, versions: Versions) -> None:
    for number in range(KEEP + 5):
        await versions.add("a.cfg", b"%d" % number, "root", "set")
    kept = await versions.all("a.cfg")
    assert [kept[0].number, kept[-1].number] == [6, KEEP + 5]
    assert len(world.files) == KEEP + 1
    with pytest.raises(XeniaError, match="there is no version 5 of"):
        await versions.content("a.cfg", 5)


async def test_the_oldest_go_when_they_are_too_long(versions: Versions) -> None:
    for letter in b"abcdef":
        await versions.add("a.cfg", bytes([letter]) * (KEEP_BYTES // 4), "root", "set")
    assert [each.number for each in await versions.all("a.cfg")] == [3, 4, 5, 6]


async def test_what_is_kept_outlives_xend(world: World, versions: Versions) -> None:
    await versions.add("a.cfg", b"one", "root", "made")
    await versions.add("a.cfg", None, "", "removed")
    again = Versions(MemoryFiles(world), world.clock)
    assert [each.what for each in await again.all("a.cfg")] == ["made", "removed"]
    assert await again.content("a.cfg", 1) == b"one"
    assert await again.content("a.cfg", 2) is None
    await again.add("a.cfg", b"two", "root", "made")
    assert (await again.all("a.cfg"))[-1].number == 3


async def test_a_list_that_cannot_be_read_begins_anew(
    world: World, versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    world.files["var/lib/xenia/versions/a.cfg/versions.json"] = b"{"
    assert await versions.all("a.cfg") == ()
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("step", [1, 3])
async def test_a_version_that_cannot_be_written_is_none(world: World, versions: Versions, step: int) -> None:
    await versions.add("a.cfg", b"one", "root", "made")
    world.fail_at = world.steps + step
    with pytest.raises(OSError, match="No space"):
        await versions.add("a.cfg", b"two", "root", "set")
    assert [each.what for each in await versions.all("a.cfg")] == ["made"]


async def test_one_whose_content_was_lost_with_the_power_is_none(world: World, versions: Versions) -> None:
    await versions.add("a.cfg", b"one", "root", "made", durable=False)
    (path,) = (path for path in world.files if path.endswith("/1.cfg"))
    world.files[path] = b""
    with pytest.raises(XeniaError, match="there is no version 1 of"):
        await versions.content("a.cfg", 1)
