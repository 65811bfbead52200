"""What domains use, looked at and kept."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.world import HOST, ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.manager.stats import Counted, StatsReader
from xenia.manager.usage import UsageKeeper
from xenia.manager.usage_sampler import UsageSampler
from xenia.model.domain import DOMAIN_0_UUID
from xenia.model.errors import XeniaError, engine_failed
from xenia.model.request import CreateRequest
from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.store.usage_series import PACE

FOLDER = "var/lib/xenia/usage"


class Clocked(StatsReader):
    """Its clock is that of a test."""

    def __init__(self, reader: StatsReader, world: World) -> None:
        super().__init__(reader.engine, reader.inventory)
        object.__setattr__(self, "world", world)

    async def all(self) -> Counted:
        world: World = object.__getattribute__(self, "world")
        return replace(await super().all(), at=world.now)


async def started(world: World) -> tuple[Manager, UsageKeeper, UsageSampler]:
    manager = world.boot()
    await manager.start()
    keeper = replace(manager.usage, stats=Clocked(manager.stats, world))
    return manager, keeper, UsageSampler(keeper)


async def create(world: World, manager: Manager, name: str = "web") -> str:
    text = f"name='{name}'\nbuilder='hvm'" if world.read is read_really else f"name={name}"
    job = manager.create(CreateRequest(text), ROOT)
    await manager.wait(job.id, 60)
    return manager.inventory.find(name).uuid


def counted(seconds: float, count: int) -> Stats:
    """What two virtual CPUs, a disk and a card have by then."""
    return Stats(
        (VcpuStats(0, seconds), VcpuStats(1, seconds)),
        (DiskStats("xvda", 1000 * count, 2000 * count, 10 * count, 20 * count),),
        (VifStats(0, "vif1.0", 3000 * count, 4000 * count, 0, 0),),
    )


async def looks(world: World, sampler: UsageSampler, guest: str, *told: Stats) -> None:
    for each in told:
        world.now += PACE
        world.host.guests[guest].stats = each
        await sampler.look()


async def test_rates_are_the_differences_of_two_looks() -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1), counted(6, 11), counted(6, 11))
    told = await keeper.of_domain("web", 1)
    assert (told.begin, told.step, told.now) == (10_000, 10, 10_030)
    assert told.cpu == (None, 50, 0)
    assert set(told.memory) == {128}
    assert (told.read_bytes, told.write_bytes) == ((None, 1000, 0), (None, 2000, 0))
    assert (told.reads, told.writes) == ((None, 10, 0), (None, 20, 0))
    assert (told.rx_bytes, told.tx_bytes) == ((None, 3000, 0), (None, 4000, 0))
    host = await keeper.of_host(1)
    assert host.memory == (HOST.total_memory - HOST.free_memory,) * 3
    assert host.read_bytes == (None, 1000, 0)
    assert host.cpu[0] is None
    assert host.cpu[1] == pytest.approx(50 * manager.inventory.find("web").vcpus / HOST.cpus)


async def test_where_counting_begins_anew_there_is_a_gap_and_new_devices_wait_for_the_next_look() -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    more = replace(counted(3, 3), disks=(*(counted(3, 3).disks or ()), DiskStats("xvdb", 10**9, 0, 1, 0)))
    silent = replace(counted(4, 4), disks=None)
    await looks(world, sampler, web, counted(5, 5), counted(1, 1), counted(2, 2), more, silent, counted(5, 5))
    told = await keeper.of_domain("web", 1)
    assert told.cpu == (None, None, 10, 10, 10, 10)
    assert told.read_bytes == (None, None, 100, 100, None, None)
    assert told.rx_bytes == (None, None, 300, 300, 300, 300)


async def test_a_domain_that_was_started_anew_has_no_rates_at_first() -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1), counted(2, 2))
    entry = manager._parts.lifecycle.table.get(web)
    assert entry is not None
    entry.started = replace(entry.started, domid=7)
    await looks(world, sampler, web, counted(3, 3), counted(4, 4))
    assert (await keeper.of_domain("web", 1)).cpu == (None, 10, None, 10)


async def test_looks_that_are_too_far_apart_are_a_gap() -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1), counted(2, 2))
    world.now += 3 * PACE
    await looks(world, sampler, web, counted(3, 3), counted(4, 4))
    assert (await keeper.of_domain("web", 1)).cpu == (None, 10, None, None, None, None, 10)
    assert (await keeper.of_host(1)).cpu[2:6] == (None,) * 4


async def test_an_engine_that_does_not_answer_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1))
    with monkeypatch.context() as context:

        async def silent(uuid: str | None = None) -> None:
            raise engine_failed("it is silent")

        context.setattr(manager._parts.engine, "stats", silent)
        with pytest.raises(XeniaError):
            await looks(world, sampler, web, counted(2, 2))
    await looks(world, sampler, web, counted(3, 3))
    assert (await keeper.of_domain("web", 1)).cpu == (None, None, 10)


async def test_under_emulation_what_guests_work_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=10_000.0)
    manager, keeper, _ = await started(world)
    report = replace(manager.engine_report(), accelerator="tcg")
    sampler = UsageSampler(replace(keeper, engine_report=lambda: report))
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1), counted(6, 6))
    assert (await keeper.of_host(1)).cpu == (None, 0)
    assert (await keeper.of_domain(DOMAIN_0_UUID, 1)).cpu == (None, 0)


async def test_a_domain_that_has_ended_leaves_the_memory_and_is_found_again_by_a_new_xend(tmp_path: Path) -> None:
    (tmp_path / "web.cfg").write_text("name='web'\nbuilder='hvm'\n")
    world = World(now=10_000.0, folder=tmp_path, read=read_really)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1), counted(2, 2))
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 60)
    world.now += PACE
    await sampler.look()
    assert web not in keeper.store.in_memory
    assert (await keeper.of_domain("web", 1)).cpu == (None, 10)
    await sampler.close()
    await manager.close()
    _, keeper, _ = await started(world)
    assert (await keeper.of_domain("web", 1)).cpu == (None, 10)
    assert len((await keeper.of_host(1)).cpu) == 3


async def test_all_is_written_within_a_quarter_of_an_hour() -> None:
    world = World(now=10_000.0)
    manager, _, sampler = await started(world)
    uuids = {await create(world, manager, f"d{number}") for number in range(3)}
    for _ in range(90):
        world.now += PACE
        await sampler.look()
    assert {path.rpartition("/")[2] for path in world.files if path.startswith(FOLDER)} >= {"host", *uuids}


async def test_only_domains_that_are_gone_for_two_sweeps_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "web.cfg").write_text("name='web'\nbuilder='hvm'\n")
    world = World(now=10_000.0, folder=tmp_path, read=read_really)
    manager, _, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1))
    await sampler.close()
    world.files[f"{FOLDER}/gone"] = b""

    async def sweep() -> bool:
        await manager.inventory.refresh()
        await sampler.sweep()
        return f"{FOLDER}/gone" in world.files

    (tmp_path / "other.cfg").write_text("what is this")
    assert [await sweep(), await sweep()] == [True, True]
    (tmp_path / "other.cfg").unlink()
    assert [await sweep(), await sweep()] == [True, False]
    assert f"{FOLDER}/{web}" in world.files
    assert f"{FOLDER}/host" in world.files


async def test_a_full_disk_is_said_once_and_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    world = World(now=10_000.0)
    manager, keeper, sampler = await started(world)
    web = await create(world, manager)
    await looks(world, sampler, web, counted(1, 1))
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            world.fail_at = world.steps + 1
            await sampler.close()
    assert caplog.text.count("what domains have used cannot be written") == 1
    assert (await keeper.of_domain("web", 1)).memory == (128,)
    await sampler.close()
    assert f"{FOLDER}/{web}" in world.files


async def test_it_looks_when_ten_seconds_of_the_clock_are_over_until_it_is_closed() -> None:
    world = World(now=10_003.0)
    _, keeper, sampler = await started(world)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.time_stands = len(slept) > 3
        await world.sleep(seconds)

    sampler = UsageSampler(replace(keeper, sleep=sleep))
    sampler.start()
    while len(slept) < 4:
        await world.step("wait")
    await sampler.close()
    assert slept == [7, 10, 10, 10]
    assert (await keeper.of_host(1)).begin == 10_000
    assert f"{FOLDER}/host" in world.files


async def test_it_looks_again_whatever_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=10_000.0)
    _, keeper, _ = await started(world)
    sampler = UsageSampler(replace(keeper, sleep=lambda _: world.step("wait")))
    failures: list[Exception] = [engine_failed("it does not answer"), OSError("no such folder")]

    async def look() -> None:
        if failures:
            raise failures.pop(0)
        looked.set()

    looked = asyncio.Event()
    monkeypatch.setattr(sampler, "look", look)
    sampler.start()
    async with asyncio.timeout(60):
        await looked.wait()
    await sampler.close()
