"""Disks that are exported by a QEMU that runs, as qemu-img and qemu-io read them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from tests.engines.qemu.conftest import Host
from tests.engines.qemu.test_layers import MIB, locked, put, two_disks, use, write

from xenia.engines.base import Resources, SaveSink
from xenia.engines.qemu import exports
from xenia.model.disk import Disk, DiskBus
from xenia.model.domain import Started
from xenia.model.errors import XeniaError, engine_failed
from xenia.storage.images.export import unix_listener
from xenia.storage.images.fleece import fleecing_image
from xenia.storage.open import OpenedDisk

pytestmark = pytest.mark.qemu

SIZE = 8 * MIB


async def running(host: Host) -> Started:
    started = await two_disks(host)
    await host.engine.unpause(started.uuid)
    return started


def reads(host: Host, pattern: int, at: int) -> bool:
    """Whether one MiB of what is offered holds that."""
    uri = f"nbd+unix:///?socket={host.folder}/export.sock"
    words = ["qemu-io", "-r", "-f", "raw", "-c", f"read -P {pattern} {at}M 1M", uri]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "read" in said.stdout, said
    return "Pattern verification failed" not in said.stdout


async def looks(host: Host, pattern: int, at: int) -> bool:
    return await asyncio.to_thread(reads, host, pattern, at)


@asynccontextmanager
async def begun(
    host: Host, started: Started, target: str = "xvda", bitmap: str = "", size: int = SIZE
) -> AsyncIterator[OpenedDisk]:
    disk = next(each for each in started.config.disks if each.target == target)
    assert await host.engine.disk_size(started.uuid, target) == size
    async with fleecing_image(host.folder / "fleeces", disk, size) as store:
        with unix_listener(host.folder / "export.sock", os.geteuid()) as listener:
            await host.engine.begin_export(started.uuid, store, listener, bitmap)
            yield store


async def nothing_left(host: Host, started: Started) -> bool:
    """No nodes beside those of its disks, and no descriptors of what it overwrites."""
    guest = host.engine._known(started.uuid)
    nodes = await guest.execute("query-named-block-nodes", {"flat": True})
    sets = await guest.execute("query-fdsets")
    names = [each["node-name"] for each in nodes if not each["node-name"].startswith(("#", "disk-"))]
    return not names and not [fd for each in sets for fd in each["fds"] if fd.get("opaque", "").startswith("fleece")]


async def test_what_is_offered_stays_what_it_was(host: Host) -> None:
    started = await running(host)
    await write(host, started, "xvda", 1, 0)
    await write(host, started, "xvda", 2, 1)
    async with begun(host, started) as store:
        taken = os.fstat(store.layers[0].descriptor).st_blocks
        await write(host, started, "xvda", 3, 1)
        await write(host, started, "xvda", 4, 2)
        assert os.fstat(store.layers[0].descriptor).st_blocks * 512 > taken * 512 + MIB
        assert await looks(host, 1, 0)
        assert await looks(host, 2, 1)
        assert await looks(host, 0, 2)
        assert (await host.engine.written_to(started.uuid))["xvda"] == started.config.disks[0].path
        for refused in (
            host.engine.begin_export(started.uuid, store, cast(Any, None)),
            host.engine.begin_export(started.uuid, other(store), cast(Any, None)),
            host.engine.begin_move(started.uuid, store),
            host.engine.begin_flatten(started.uuid, "xvda"),
            host.engine.grow_disk(started, "xvda", SIZE),
            host.engine.put_overlays(started.uuid, [], "00000001"),
            host.engine.save(started, cast(SaveSink, None)),
            host.engine.detach_disk(started.uuid, "xvda"),
        ):
            with pytest.raises(XeniaError, match="exported"):
                await refused
        await host.engine.end_export(started.uuid, "xvda")
        assert os.fstat(store.layers[0].descriptor).st_size == 0, "what it held is given back"
    assert await nothing_left(host, started)
    await write(host, started, "xvda", 5, 3)
    async with begun(host, started):
        assert await looks(host, 3, 1)
        await host.engine.end_export(started.uuid, "xvda")
    await host.engine.end_export(started.uuid, "xvda")


def other(store: OpenedDisk) -> OpenedDisk:
    return replace(store, disk=replace(store.disk, target="xvdb"))


async def test_of_an_overlay_all_is_offered(host: Host) -> None:
    started = await running(host)
    await write(host, started, "xvda", 1, 0)
    await put(host, started, started.config.disks[:1], "00000001")
    await write(host, started, "xvda", 2, 1)
    async with begun(host, started):
        await write(host, started, "xvda", 3, 0)
        assert await looks(host, 1, 0)
        assert await looks(host, 2, 1)
        await host.engine.end_export(started.uuid, "xvda")
    assert await nothing_left(host, started)
    await host.engine.begin_flatten(started.uuid, "xvda")
    await host.engine.until_flattened(started.uuid, "xvda", lambda _: None)


@pytest.mark.parametrize(("target", "bus"), [("hda", DiskBus.IDE), ("sda", DiskBus.SCSI)])
async def test_drives_of_other_kinds_are_exported_as_well(host: Host, target: str, bus: DiskBus) -> None:
    path = host.image(bytes(SIZE))
    path.chmod(0o666)
    config = host.config(disks=(Disk(target, str(path), bus=bus),))
    started = host.new(config)
    with locked(config.disks) as disks:
        await host.engine.start(started, Resources(disks))
    await host.engine.unpause(started.uuid)
    write_it = f'qemu-io -d /machine/peripheral/vbd-{target} "write -P {{}} 1M 1M"'
    assert not await host.engine.monitor_command(started.uuid, write_it.format(1))
    async with begun(host, started, target):
        assert not await host.engine.monitor_command(started.uuid, write_it.format(2))
        assert await looks(host, 1, 1)
        await host.engine.end_export(started.uuid, target)
    assert await nothing_left(host, started)
    async with begun(host, started, target):
        assert await looks(host, 2, 1)


async def test_another_xend_ends_it(host: Host) -> None:
    started = await running(host)
    async with begun(host, started):
        pass
    await host.new_engine()
    assert await nothing_left(host, started)
    await write(host, started, "xvda", 1, 0)
    async with begun(host, started):
        assert await looks(host, 1, 0)
        await host.engine.end_export(started.uuid, "xvda")


@pytest.mark.parametrize("step", ["query-fdsets", "blockdev-add", "qom-set", "nbd-server-start", "block-export-add"])
@pytest.mark.parametrize("after", [0, 1])
async def test_another_xend_takes_away_what_one_was_cut_off_in(
    host: Host, step: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each of what is asked of QEMU."""
    started = await running(host)
    await write(host, started, "xvda", 1, 0)
    guest = host.engine._known(started.uuid)
    ask = guest.execute

    async def dies(command: str, arguments: Any = None, **seconds: Any) -> Any:
        said = await ask(command, arguments, **seconds) if after or command != step else None
        if command == step:
            monkeypatch.setattr(guest, "execute", dead)
            raise engine_failed("xend is killed")
        return said

    async def dead(*_: object, **__: object) -> None:
        raise engine_failed("xend is dead")

    monkeypatch.setattr(guest, "execute", dies)
    with pytest.raises(XeniaError, match="is killed"):
        async with begun(host, started):
            pass
    await host.new_engine()
    assert await nothing_left(host, started)
    await write(host, started, "xvda", 2, 0)
    async with begun(host, started):
        await write(host, started, "xvda", 3, 0)
        assert await looks(host, 2, 0)
        await host.engine.end_export(started.uuid, "xvda")
    assert await nothing_left(host, started)


async def test_a_guest_that_is_set_aside_lets_go_of_a_disk_that_is_exported(host: Host) -> None:
    started = await running(host)
    async with begun(host, started):
        kept = replace(started, uuid=str(uuid4()), config=replace(started.config, name="kept"))
        await host.engine.set_aside(started.uuid, kept)
    host.started.append(kept)
    assert [use(disk.path) for disk in started.config.disks] == ["", ""]


async def test_what_cannot_be_offered_changes_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    started = await running(host)
    with pytest.raises(XeniaError, match="no image in xvdz"):
        await host.engine.disk_size(started.uuid, "xvdz")

    async def no_export(*_: object) -> None:
        raise engine_failed("no export")

    with monkeypatch.context() as patched:
        patched.setattr(exports, "_offer", no_export)
        with pytest.raises(XeniaError, match="no export"):
            async with begun(host, started):
                pass
    assert await nothing_left(host, started)

    async def older(*_: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(exports, "_keeps_the_guest_running", older)
        with pytest.raises(XeniaError, match=r"QEMU 7\.1 and newer"):
            async with begun(host, started):
                pass
    await write(host, started, "xvda", 1, 0)
    assert not list(Path(host.folder / "fleeces").iterdir())
