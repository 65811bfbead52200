"""What was changed of a disk, as an exported bitmap tells it: never less than was."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.engines.qemu.conftest import Host
from tests.engines.qemu.test_disk_size import qemu_img
from tests.engines.qemu.test_exports import SIZE, begun, looks, nothing_left, running
from tests.engines.qemu.test_layers import MIB, ignore, nothing, put, write
from tests.engines.qemu.test_moving import new_image

from xenia.model.disk import Disk
from xenia.model.domain import Started
from xenia.model.errors import XeniaError
from xenia.model.layers import Merge

pytestmark = pytest.mark.qemu


async def guest(host: Host) -> tuple[Started, Disk]:
    """One whose disk xvda is a qcow2 image, with one MiB on it."""
    started = await running(host)
    (disk,) = await put(host, started, started.config.disks[:1], "00000001")
    await write(host, started, "xvda", 1, 0)
    return started, disk


def changed(host: Host, name: str) -> set[int]:
    """The MiB that are told to be changed. What is dirty is no data to QEMU (`x-dirty-bitmap` of its client)."""
    options = {
        "driver": "nbd",
        "server": {"type": "unix", "path": f"{host.folder}/export.sock"},
        "x-dirty-bitmap": f"qemu:dirty-bitmap:{name}",
    }
    words = ["qemu-img", "map", "--output=json", f"json:{json.dumps({'driver': 'raw', 'file': options})}"]
    told: list[dict[str, Any]] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    dirty = [each for each in told if not each["data"]]
    return {at for at in range(16) for each in dirty if each["start"] < (at + 1) * MIB and at * MIB < _end(each)}


def _end(piece: dict[str, Any]) -> int:
    return int(piece["start"] + piece["length"])


async def names(host: Host, started: Started) -> list[str]:
    return [each.name for each in await host.engine.bitmaps(started.uuid, "xvda")]


def kept(path: str) -> list[str]:
    """The bitmaps that an image has, as qemu-img says."""
    words = ["qemu-img", "info", "-U", "--output=json", path]
    told = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return [each["name"] for each in told["format-specific"]["data"].get("bitmaps", ())]


async def test_it_tells_what_was_changed_until_the_moment_of_the_export(host: Host) -> None:
    started, _ = await guest(host)
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    await write(host, started, "xvda", 2, 3)
    await host.engine.add_bitmap(started.uuid, "xvda", "tuesday")
    await write(host, started, "xvda", 3, 5)
    async with begun(host, started, bitmap="monday"):
        await write(host, started, "xvda", 4, 6)
        assert await asyncio.to_thread(changed, host, "monday") == {3, 5}
        assert await looks(host, 0, 6)
        with pytest.raises(subprocess.CalledProcessError):
            changed(host, "tuesday")
        await host.engine.end_export(started.uuid, "xvda")
    assert await nothing_left(host, started)
    async with begun(host, started, bitmap="tuesday"):
        assert await asyncio.to_thread(changed, host, "tuesday") == {5, 6}
        await host.engine.end_export(started.uuid, "xvda")
    told = await host.engine.bitmaps(started.uuid, "xvda")
    assert {each.name: each.changed for each in told if not each.problem} == {"monday": 3 * MIB, "tuesday": 2 * MIB}
    await host.engine.remove_bitmap(started.uuid, "xvda", "monday")
    assert await names(host, started) == ["tuesday"]


async def test_what_there_is_not_or_twice_is_refused_and_nothing_is_offered(host: Host) -> None:
    started, _ = await guest(host)
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    with pytest.raises(XeniaError, match="has a bitmap 'monday' already"):
        await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    with pytest.raises(XeniaError, match="has no bitmap 'sunday'"):
        await host.engine.remove_bitmap(started.uuid, "xvda", "sunday")
    with pytest.raises(XeniaError, match="has no bitmap 'sunday'"):
        async with begun(host, started, bitmap="sunday"):
            pass
    assert await nothing_left(host, started)


async def test_an_overlay_ends_it_also_when_that_is_merged_away_again(host: Host) -> None:
    started, lower = await guest(host)
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    (upper,) = await put(host, started, [lower], "00000002")
    assert await names(host, started) == []
    with pytest.raises(XeniaError, match="has no bitmap 'monday'"):
        async with begun(host, started, bitmap="monday"):
            pass
    await host.engine.add_bitmap(started.uuid, "xvda", "tuesday")
    await write(host, started, "xvda", 2, 3)
    wanted = Merge("xvda", upper.path, lower.path, Path(lower.path).name)
    await host.engine.merge(started.uuid, wanted, nothing, ignore)
    assert await names(host, started) == []
    await host.engine.add_bitmap(started.uuid, "xvda", "wednesday")
    await write(host, started, "xvda", 3, 4)
    await host.engine.destroy(started.uuid)
    assert kept(lower.path) == ["wednesday"]


async def test_a_layer_that_is_merged_below_leaves_it(host: Host) -> None:
    started, first = await guest(host)
    (second,) = await put(host, started, [first], "00000002")
    await write(host, started, "xvda", 2, 1)
    (third,) = await put(host, started, [second], "00000003")
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    await write(host, started, "xvda", 3, 2)
    wanted = Merge("xvda", second.path, first.path, Path(first.path).name, third.path)
    await host.engine.merge(started.uuid, wanted, nothing, ignore)
    async with begun(host, started, bitmap="monday"):
        assert await asyncio.to_thread(changed, host, "monday") == {2}
        await host.engine.end_export(started.uuid, "xvda")
    await host.engine.destroy(started.uuid)
    assert kept(third.path) == ["monday"]


async def test_a_disk_that_grows_keeps_it(host: Host) -> None:
    started, disk = await guest(host)
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    await write(host, started, "xvda", 2, 3)
    await host.engine.grow_disk(started, "xvda", 2 * SIZE)
    await write(host, started, "xvda", 3, 9)
    async with begun(host, started, bitmap="monday", size=2 * SIZE):
        assert await asyncio.to_thread(changed, host, "monday") == {3, 9}
        await host.engine.end_export(started.uuid, "xvda")
    await host.engine.destroy(started.uuid)
    assert kept(disk.path) == ["monday"]
    qemu_img("resize", "-q", disk.path, "32M")
    assert kept(disk.path) == ["monday"]


async def test_one_that_comes_to_stand_alone_keeps_it_and_one_that_moves_does_not(host: Host) -> None:
    started, disk = await guest(host)
    await host.engine.add_bitmap(started.uuid, "xvda", "monday")
    await write(host, started, "xvda", 2, 3)
    await host.engine.begin_flatten(started.uuid, "xvda")
    await host.engine.until_flattened(started.uuid, "xvda", ignore)
    async with begun(host, started, bitmap="monday"):
        assert await asyncio.to_thread(changed, host, "monday") >= {3}
        await host.engine.end_export(started.uuid, "xvda")
    with new_image(host, disk, "qcow2") as opened:
        await host.engine.begin_move(started.uuid, opened)
        await host.engine.until_copied(started.uuid, "xvda", ignore)
        await host.engine.switch(started.uuid, "xvda", nothing)
    assert await names(host, started) == []
