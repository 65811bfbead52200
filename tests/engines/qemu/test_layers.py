"""Overlays and merges under a QEMU that runs; what is in the images is asked of qemu-img and qemu-io."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host

from xenia.engines.base import Resources
from xenia.lib.aio import Tasks
from xenia.model.disk import Disk, DiskFormat
from xenia.model.domain import Started
from xenia.model.errors import XeniaError
from xenia.model.layers import Merge
from xenia.storage.lock import lock, usage
from xenia.storage.open import ImageLayer, OpenedDisk

pytestmark = pytest.mark.qemu

MIB = 1 << 20


@contextmanager
def locked(disks: Sequence[Disk]) -> Iterator[list[OpenedDisk]]:
    """Opened and locked as storage does it, the first layer only."""
    with ExitStack() as held:
        found = []
        for disk in disks:
            descriptor = os.open(disk.path, os.O_RDWR)
            held.callback(os.close, descriptor)
            lock(descriptor, write=True, path=disk.path)
            found.append(OpenedDisk(disk, (ImageLayer(disk.path, disk.format, descriptor, True, 0),)))
        yield found


async def two_disks(host: Host) -> Started:
    """A guest with two raw disks of 8 MiB beside the one that it boots from."""
    config = host.config(sectors.saying(""))
    disks = []
    for number, target in enumerate(("xvda", "xvdb")):
        path = host.settings.run_dir / f"{target}.raw"
        with path.open("wb") as file:
            file.truncate(8 * MIB)
        path.chmod(0o666)
        disks.append(Disk(target, str(path), item=number))
    started = host.new(replace(config, disks=tuple(disks)))
    with locked(disks) as opened:
        await host.engine.start(started, Resources(opened))
    return started


def overlay(disk: Disk, name: str) -> Disk:
    """Of an image, beside it."""
    base = Path(disk.path)
    path = base.with_name(f"{base.stem.partition('.')[0]}.{name}.qcow2")
    words = ["create", "-q", "-f", "qcow2", "-u", "-b", base.name, "-F", disk.format.value, str(path), "8M"]
    subprocess.run(["qemu-img", *words], check=True)
    path.chmod(0o666)
    return replace(disk, path=str(path), format=DiskFormat.QCOW2)


async def put(host: Host, started: Started, disks: Sequence[Disk], name: str) -> list[Disk]:
    overlays = [overlay(disk, name) for disk in disks]
    with locked(overlays) as opened:
        await host.engine.put_overlays(started.uuid, opened, name)
    return overlays


async def write(host: Host, started: Started, target: str, pattern: int, at: int) -> None:
    """As the guest would, one MiB."""
    where = f"/machine/peripheral/vbd-{target}/virtio-backend"
    command = f'qemu-io -d {where} "write -P {pattern} {at}M 1M"'
    assert not await host.engine.monitor_command(started.uuid, command)


def holds(path: str, form: str, pattern: int, at: int) -> bool:
    words = ["qemu-io", "-U", "-r", "-f", form, "-c", f"read -P {pattern} {at}M 1M", path]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    assert "read" in said, said
    return "Pattern verification failed" not in said


def base_of(path: str) -> str:
    words = ["qemu-img", "info", "-U", "--output=json", path]
    return str(json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["backing-filename"])


def use(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return usage(descriptor)
    finally:
        os.close(descriptor)


async def nothing() -> None:
    pass


def ignore(done: float) -> None:
    assert 0 <= done <= 1


async def test_a_guest_writes_to_its_overlays_from_one_moment_on(host: Host) -> None:
    started = await two_disks(host)
    disks = list(started.config.disks)
    await write(host, started, "xvda", 1, 0)
    first = await put(host, started, disks, "00000001")
    await write(host, started, "xvda", 2, 0)
    assert await host.engine.written_to(started.uuid) == {disk.target: disk.path for disk in first}
    assert holds(disks[0].path, "raw", 1, 0)
    assert [use(disk.path) for disk in (*disks, *first)] == ["reading", "reading", "writing", "writing"]
    second = await put(host, started, first, "00000002")
    assert [use(disk.path) for disk in (*first, *second)] == ["reading", "reading", "writing", "writing"]


async def test_a_layer_between_two_is_merged_into_the_one_below(host: Host) -> None:
    started = await two_disks(host)
    disk = started.config.disks[0]
    [first] = await put(host, started, [disk], "00000001")
    await write(host, started, "xvda", 3, 2)
    [second] = await put(host, started, [first], "00000002")
    await write(host, started, "xvda", 4, 3)
    merged: list[str] = []

    async def switched() -> None:
        merged.append((await host.engine.written_to(started.uuid))["xvda"])

    wanted = Merge("xvda", first.path, disk.path, Path(disk.path).name, second.path)
    await host.engine.merge(started.uuid, wanted, switched, ignore)
    assert merged == [second.path]
    assert holds(disk.path, "raw", 3, 2)
    assert not holds(disk.path, "raw", 4, 3)
    assert base_of(second.path) == Path(disk.path).name
    assert use(disk.path) == "reading"
    await host.engine.merge(started.uuid, wanted, switched, ignore)
    assert len(merged) == 2, "what is done is told again"


@pytest.mark.parametrize("runs", [True, False])
async def test_the_overlay_that_is_written_to_is_merged(host: Host, runs: bool) -> None:
    started = await two_disks(host)
    if runs:
        await host.engine.unpause(started.uuid)
    disk, other = started.config.disks
    [first] = await put(host, started, [disk], "00000001")
    await write(host, started, "xvda", 3, 2)
    seen = []

    async def switched() -> None:
        seen.append((await host.engine.written_to(started.uuid))["xvda"])
        seen.append(host.engine.observe(started.uuid).state.value)  # type: ignore[union-attr]

    await host.engine.merge(started.uuid, Merge("xvda", first.path, disk.path, "x"), switched, ignore)
    assert seen == [disk.path, "paused"]
    await write(host, started, "xvda", 5, 4)
    assert holds(disk.path, "raw", 3, 2)
    assert holds(disk.path, "raw", 5, 4)
    assert use(disk.path) == "writing"
    assert host.engine.observe(started.uuid).state.value == ("running" if runs else "paused")  # type: ignore[union-attr]
    await put(host, started, [disk, other], "00000003")


async def test_one_that_is_cancelled_changes_nothing(host: Host) -> None:
    started = await two_disks(host)
    disk = started.config.disks[0]
    [first] = await put(host, started, [disk], "00000001")
    for at in range(8):
        await write(host, started, "xvda", 3, at)

    async def never() -> None:
        raise AssertionError

    reached = asyncio.Event()
    wanted = Merge("xvda", first.path, disk.path, "x")
    merging = host.engine.merge(started.uuid, wanted, never, lambda done: reached.set())
    task = Tasks().start(merging, name="merge")
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await host.engine.written_to(started.uuid) == {"xvda": first.path, "xvdb": started.config.disks[1].path}
    assert use(disk.path) == "reading"
    await host.engine.merge(started.uuid, wanted, nothing, ignore)
    assert holds(disk.path, "raw", 3, 7)


async def test_an_overlay_that_qemu_cannot_use_leaves_the_guest_as_it_was(host: Host) -> None:
    started = await two_disks(host)
    good = overlay(started.config.disks[0], "00000001")
    bad = replace(started.config.disks[1], path=str(host.settings.run_dir / "bad"), format=DiskFormat.QCOW2)
    Path(bad.path).write_bytes(b"no image" * 1000)
    with locked([good, bad]) as opened, pytest.raises(XeniaError, match="qcow2"):
        await host.engine.put_overlays(started.uuid, opened, "00000001")
    written = await host.engine.written_to(started.uuid)
    assert written == {disk.target: disk.path for disk in started.config.disks}
    await put(host, started, started.config.disks, "00000002")
