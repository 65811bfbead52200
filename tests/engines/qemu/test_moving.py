"""Disks that move to other images, or come to stand alone, under a QEMU that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from tests.engines.qemu.conftest import Host
from tests.engines.qemu.test_disk_size import qemu_img
from tests.engines.qemu.test_layers import MIB, base_of, holds, ignore, locked, nothing, put, two_disks, use, write

from xenia.engines.base import SaveSink
from xenia.lib.aio import Tasks
from xenia.model.disk import Disk, DiskFormat
from xenia.model.domain import Started, State
from xenia.model.errors import XeniaError
from xenia.storage.open import OpenedDisk

pytestmark = pytest.mark.qemu


@contextmanager
def new_image(host: Host, disk: Disk, form: str) -> Iterator[OpenedDisk]:
    path = host.folder / f"new.{form}"
    qemu_img("create", "-q", "-f", form, str(path), "8M")
    path.chmod(0o666)
    with locked([replace(disk, path=str(path), format=DiskFormat(form))]) as (opened,):
        yield opened


async def names(host: Host, started: Started) -> list[str]:
    """Of the nodes that are behind the disk xvda."""
    guest = host.engine._known(started.uuid)
    told = await guest.execute("query-named-block-nodes", {"flat": True})
    assert not await guest.execute("query-jobs")
    return sorted(each["node-name"] for each in told if each["node-name"].startswith("disk-xvda"))


@pytest.mark.parametrize("form", ["raw", "qcow2"])
async def test_a_disk_moves_while_its_guest_writes(host: Host, form: str) -> None:
    started = await two_disks(host)
    await host.engine.unpause(started.uuid)
    old = started.config.disks[0]
    await write(host, started, "xvda", 1, 0)
    states: list[str] = []

    async def switched() -> None:
        states.append((await host.engine._known(started.uuid).execute("query-status"))["status"])
        states.append((await host.engine.written_to(started.uuid))["xvda"])

    with new_image(host, old, form) as opened:
        new = opened.layers[0].path
        await host.engine.begin_move(started.uuid, opened)
        await host.engine.until_copied(started.uuid, "xvda", ignore)
        await write(host, started, "xvda", 2, 1)
        assert use(old.path) == use(new) == "writing"
        await host.engine.switch(started.uuid, "xvda", switched)
    assert states == ["paused", new]
    assert host.observed(started).state is State.RUNNING
    await write(host, started, "xvda", 3, 2)
    assert (use(old.path), use(new)) == ("", "writing")
    assert len(await names(host, started)) == 1
    assert not holds(old.path, "raw", 3, 2)
    await host.engine.destroy(started.uuid)
    assert all(holds(new, form, number + 1, number) for number in range(3))
    assert holds(new, form, 0, 3)
    assert Path(new).stat().st_blocks * 512 < 4 * MIB


async def test_what_it_is_based_on_goes_with_it(host: Host) -> None:
    started = await two_disks(host)
    await write(host, started, "xvda", 1, 0)
    (top,) = await put(host, started, started.config.disks[:1], "00000001")
    await write(host, started, "xvda", 2, 1)
    with new_image(host, top, "qcow2") as opened:
        await host.engine.begin_move(started.uuid, opened)
        await host.engine.until_copied(started.uuid, "xvda", ignore)
        await host.engine.switch(started.uuid, "xvda", nothing)
        new = opened.layers[0].path
    assert len(await names(host, started)) == 1
    assert (use(top.path), use(started.config.disks[0].path)) == ("", "")
    await host.engine.destroy(started.uuid)
    assert holds(new, "qcow2", 1, 0)
    assert holds(new, "qcow2", 2, 1)


async def test_one_that_is_given_up_leaves_the_guest_as_it_was(host: Host) -> None:
    started = await two_disks(host)
    old = started.config.disks[0]
    for by_another_xend in (False, True):
        with new_image(host, old, "raw") as opened:
            await host.engine.begin_move(started.uuid, opened)
            with pytest.raises(XeniaError):
                await host.engine.begin_move(started.uuid, opened)
            for refused in (
                host.engine.put_overlays(started.uuid, [], "00000001"),
                host.engine.save(started, cast(SaveSink, None)),
                host.engine.detach_disk(started.uuid, "xvda"),
            ):
                with pytest.raises(XeniaError, match="is just being copied"):
                    await refused
        if by_another_xend:
            await host.new_engine()
        else:
            await host.engine.give_up_move(started.uuid, "xvda")
        assert await names(host, started) == ["disk-xvda"]
        assert (use(old.path), use(opened.layers[0].path)) == ("writing", "")
    await write(host, started, "xvda", 1, 0)


async def test_the_end_of_the_guest_ends_it(host: Host) -> None:
    started = await two_disks(host)
    with new_image(host, started.config.disks[0], "raw") as opened:
        await host.engine.begin_move(started.uuid, opened)
        await host.engine.destroy(started.uuid)
        with pytest.raises(XeniaError):
            await host.engine.until_copied(started.uuid, "xvda", ignore)
        await host.engine.give_up_move(started.uuid, "xvda")


async def test_a_disk_comes_to_stand_alone(host: Host) -> None:
    started = await two_disks(host)
    await write(host, started, "xvda", 1, 0)
    disks = await put(host, started, started.config.disks[:1], "00000001")
    await write(host, started, "xvda", 2, 1)
    (top,) = await put(host, started, disks, "00000002")
    done: list[float] = []
    await host.engine.begin_flatten(started.uuid, "xvda")
    await host.engine.until_flattened(started.uuid, "xvda", done.append)
    assert await names(host, started) == ["disk-xvda.00000002"]
    assert use(started.config.disks[0].path) == use(disks[0].path) == ""
    with pytest.raises(KeyError):
        base_of(top.path)
    await host.engine.destroy(started.uuid)
    assert holds(top.path, "qcow2", 1, 0)
    assert holds(top.path, "qcow2", 2, 1)


async def test_a_cancelled_one_is_based_on_the_other_still(host: Host) -> None:
    started = await two_disks(host)
    await write(host, started, "xvda", 1, 0)
    (top,) = await put(host, started, started.config.disks[:1], "00000001")
    tasks = Tasks()
    await host.engine.begin_flatten(started.uuid, "xvda")
    task = tasks.start(host.engine.until_flattened(started.uuid, "xvda", ignore), name="flatten")
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    with suppress(KeyError):  # it has none: on a slow machine QEMU may have done all of it before it was cancelled
        assert base_of(top.path)
    await host.engine.begin_flatten(started.uuid, "xvda")
    await host.engine.until_flattened(started.uuid, "xvda", ignore)
