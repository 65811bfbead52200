"""What guests have used: real ones, and answers of QEMU that are played."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host
from tests.support.waiting import until

from xenia.engines.qemu.disk_counters import disk_stats
from xenia.engines.qemu.monitor import Monitor
from xenia.model.disk import Disk, DiskBus
from xenia.model.domain import Started
from xenia.model.stats import Stats

COUNTED = {
    **{"rd_bytes": 4096, "wr_bytes": 512, "rd_operations": 8, "wr_operations": 1},
    **{"failed_rd_operations": 2, "failed_wr_operations": 1, "rd_total_time_ns": 500_000_000, "wr_total_time_ns": 0},
}


def test_disks_are_called_by_their_targets_and_the_firmwares_are_passed_over() -> None:
    told: list[dict[str, Any]] = [
        {"qdev": "/machine/peripheral/vbd-xvda/virtio-backend", "stats": COUNTED},
        {"qdev": "vbd-hdc", "stats": COUNTED},
        {"qdev": "/machine/system.flash0", "stats": COUNTED},
        {"stats": COUNTED},
    ]
    first, second = disk_stats(told)
    assert (first.target, second.target) == ("xvda", "hdc")
    assert (first.read_bytes, first.writes, first.errors, first.read_time) == (4096, 1, 3, 0.5)


async def stats(host: Host, started: Started) -> Stats:
    return (await host.engine.stats(started.uuid))[started.uuid]


@pytest.mark.qemu
async def test_a_guest_that_burns_cpu_is_seen_by_its_virtual_cpu(host: Host) -> None:
    started = await host.run(sectors.spinning(), vcpus=2)
    before = await stats(host, started)
    assert [each.number for each in before.vcpus] == [0, 1]
    async with asyncio.timeout(30):
        while (await stats(host, started)).vcpus[0].cpu_time < before.vcpus[0].cpu_time + 0.2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    after = await stats(host, started)
    assert after.vcpus[1].cpu_time < after.vcpus[0].cpu_time, "the second one sleeps"
    assert after.vcpus[0].wait is not None


@pytest.mark.qemu
async def test_a_virtual_cpu_that_was_plugged_in_is_counted_too(host: Host) -> None:
    started = await host.start(host.config(sectors.obedient(), max_vcpus=2))
    assert [each.number for each in (await stats(host, started)).vcpus] == [0]
    await host.engine.set_vcpus(started, 2)
    assert [each.number for each in (await stats(host, started)).vcpus] == [0, 1]


@pytest.mark.qemu
async def test_a_guest_that_reads_its_disk_is_seen_by_that_disk(host: Host) -> None:
    config = host.config(sectors.reading())
    idle = Disk("hdb", str(host.image(bytes(1 << 20))), bus=DiskBus.IDE)
    started = await host.start(host.config(disks=(*config.disks, idle)))
    assert [(each.target, each.reads) for each in (await stats(host, started)).disks or ()] == [("hda", 0), ("hdb", 0)]
    await host.engine.unpause(started.uuid)
    async with asyncio.timeout(30):
        while (await stats(host, started)).disks[0].reads < 50:  # type: ignore[index]  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    hda, hdb = (await stats(host, started)).disks or ()
    assert hda.read_bytes >= hda.reads * 512
    assert hda.read_time
    assert (hdb.write_bytes, hda.errors, hda.writes) == (0, 0, 0)


@pytest.mark.qemu
async def test_a_qemu_that_hangs_delays_the_others_only_once_and_is_known_again_when_it_answers(host: Host) -> None:
    hung, well = await host.start(host.config(bytes(1 << 20))), await host.start(host.config(bytes(1 << 20)))
    await host.engine.stats()
    os.kill(host.pid(hung), signal.SIGSTOP)
    told = await host.engine.stats()
    assert told[hung.uuid].disks is None
    assert len(told[hung.uuid].vcpus) == 1, "the kernel tells of it all the same"
    assert told[well.uuid].disks
    os.kill(host.pid(hung), signal.SIGCONT)
    async with asyncio.timeout(30):
        while not (await host.engine.stats())[hung.uuid].disks:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.qemu
async def test_guests_that_were_found_again_are_counted_and_those_that_are_gone_are_not(host: Host) -> None:
    stays, goes = await host.start(host.config(bytes(1 << 20))), await host.start(host.config())
    await host.new_engine()
    assert {uuid: bool(each.disks) for uuid, each in (await host.engine.stats()).items()} == {
        stays.uuid: True,
        goes.uuid: False,
    }
    os.kill(host.pid(goes), signal.SIGKILL)
    await until(lambda: host.engine.observe(goes.uuid) is None)
    assert (await host.engine.stats()).keys() == {stays.uuid}


@pytest.mark.qemu
async def test_a_qemu_that_has_done_nothing_is_not_asked_again_and_one_that_has_is(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await host.start(host.config(sectors.reading()))
    asked: list[bytes] = []
    ask = Monitor.ask
    monkeypatch.setattr(Monitor, "ask", lambda self, command: asked.append(command) or ask(self, command))
    async with asyncio.timeout(30):
        while True:
            before = len(asked)
            told = await stats(host, started)
            assert [each.reads for each in told.disks or ()] == [0]
            if len(asked) == before:
                break
    await host.engine.unpause(started.uuid)
    async with asyncio.timeout(30):
        while not (await stats(host, started)).disks[0].reads:  # type: ignore[index]  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.qemu
async def test_a_guest_that_dies_while_it_is_asked_is_not_waited_for(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await host.start(host.config(bytes(1 << 20)))
    await host.engine.stats()
    pid = host.pid(started)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("xenia.engines.qemu.stats._SECONDS", 60.0)
    asked = asyncio.ensure_future(host.engine.stats())  # noqa: TID251
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        assert (await asked)[started.uuid].disks is None
