"""The history of what domains use: rings of four tiers, and what is written of them."""

from __future__ import annotations

import itertools
import logging
import zlib

import pytest
from tests.support.world import MemoryFiles, World

from xenia.model.usage import Usage, UsageHistory
from xenia.store.usage import UsageStore
from xenia.store.usage_series import LONGEST, TIERS, UsageSeries

FILE = "var/lib/xenia/usage/u1"
DAY = 24 * 3600
BEGIN = 20_000 * DAY
"""Midnight: a slot of every tier begins."""
NUMBER = BEGIN // 10


def filled(values: dict[int, float | None]) -> UsageSeries:
    """One with these percentages of CPU, by the number of the slot after `NUMBER`."""
    series = UsageSeries()
    for number, value in values.items():
        series.put(NUMBER + number, Usage(cpu=value, memory=64))
    return series


def cpu(series: UsageSeries, hours: int, seconds: float) -> tuple[int, tuple[float | None, ...]]:
    """When the history begins, in seconds after `BEGIN`, and its percentages of CPU."""
    told = series.history(hours, BEGIN + seconds)
    return told.begin - BEGIN, told.cpu


def test_each_tier_is_a_whole_number_of_slots_of_the_one_before() -> None:
    for finer, coarser in itertools.pairwise(TIERS):
        assert coarser.step % finer.step == 0
        assert finer.count % (coarser.step // finer.step) == 0
        assert coarser.step * coarser.count > finer.step * finer.count
    assert LONGEST == 31 * 24


def test_nothing_is_known_at_first() -> None:
    assert UsageSeries().history(1, BEGIN + 5.5) == UsageHistory(BEGIN + 5.5, BEGIN, 10)


def test_figures_are_told_by_their_names_and_what_is_not_known_is_none() -> None:
    series = UsageSeries()
    series.put(NUMBER, Usage(12.34, 512, 1000.4, 2000.6, 1.26, None, 3.0))
    told = series.history(1, BEGIN + 10)
    assert (told.begin, told.step) == (BEGIN, 10)
    assert (told.cpu, told.memory, told.read_bytes, told.write_bytes) == ((12.3,), (512,), (1000,), (2001,))
    assert (told.reads, told.writes, told.rx_bytes, told.tx_bytes) == ((1.3,), (None,), (3,), (None,))


def test_a_gap_is_a_gap() -> None:
    series = filled({0: 10, 1: 20, 4: 50})
    assert cpu(series, 1, 100) == (0, (10, 20, None, None, 50))


def test_a_coarser_tier_has_the_mean_of_what_is_known_also_before_its_slot_is_over() -> None:
    series = filled({0: 10, 1: 20, 17: 60, 18: 4})
    assert cpu(series, 24, 190) == (0, (30, 4))
    series.put(NUMBER + 19, Usage(cpu=8))
    assert cpu(series, 24, 200) == (0, (30, 6))
    assert cpu(series, 7 * 24, 200) == (0, (18,))
    assert cpu(series, 30 * 24, 200) == (0, (18,))


def test_a_coarse_slot_in_which_nothing_was_seen_is_a_gap() -> None:
    series = filled({0: 10, 18 * 3: 40})
    assert cpu(series, 24, 18 * 3 * 10 + 10) == (0, (10, None, None, 40))


def test_a_ring_is_bounded_and_what_is_older_is_told_more_coarsely() -> None:
    series = filled({number: number % 100 for number in range(360 * 3)})
    now = 360 * 3 * 10
    begin, values = cpu(series, 1, now - 1)
    assert (begin, len(values)) == (now - 3600, 360)
    assert values == tuple(number % 100 for number in range(720, 1080))
    assert len(cpu(series, 24, now - 1)[1]) == 60
    assert [len(ring) for ring in series._rings] == [tier.count * 8 for tier in TIERS]


def test_only_the_hours_that_are_asked_for_are_told() -> None:
    series = filled({number: 1.0 for number in range(360 * 3)})
    now = 360 * 3 * 10
    assert cpu(series, 2, now - 1) == (now - 7200, (1.0,) * 40)


def test_after_a_month_without_anything_nothing_of_before_is_left() -> None:
    series = filled({number: 1.0 for number in range(400)})
    series.put(NUMBER + 32 * DAY // 10, Usage(cpu=2))
    for hours in (1, 24, 7 * 24, LONGEST):
        assert cpu(series, hours, 32 * DAY + 10)[1] == (2,)


def test_what_was_seen_an_hour_ago_does_not_come_back_where_the_ring_goes_round() -> None:
    series = filled({5: 50})
    series.put(NUMBER + 360 + 4, Usage(cpu=4))
    series.put(NUMBER + 360 + 6, Usage(cpu=6))
    assert cpu(series, 1, 3670) == (3640, (4, None, 6))
    assert cpu(series, 24, 3670) == (0, (50, *(None,) * 19, 5))


def test_a_clock_that_is_set_back_forgets_what_would_be_in_the_future() -> None:
    series = filled({number: 10.0 for number in range(100)})
    series.put(NUMBER + 50, Usage(cpu=99))
    assert cpu(series, 1, 510) == (0, (10.0,) * 50 + (99,))
    assert cpu(series, 24, 510)[1][-1] == pytest.approx((14 * 10 + 99) / 15, abs=0.1)
    series.put(NUMBER + 51, Usage(cpu=98))
    assert cpu(series, 1, 520)[1][-3:] == (10, 99, 98)


def test_a_clock_that_is_set_back_by_years_begins_anew_and_one_that_goes_on_too() -> None:
    series = filled({number: 10.0 for number in range(100)})
    series.put(0, Usage(cpu=1))
    assert series.history(1, 10).cpu == (1,)
    series.put(NUMBER, Usage(cpu=2))
    assert cpu(series, LONGEST, 10)[1] == (2,)


def test_what_lies_behind_now_is_not_told() -> None:
    """The clock was set back, and nothing was seen since."""
    series = filled({number: 10.0 for number in range(100)})
    assert cpu(series, 1, 305)[1] == (10,) * 31
    assert cpu(series, 1, -DAY) == (-DAY, ())


def test_what_is_packed_is_found_again_whole() -> None:
    series = filled({number: number % 100 for number in range(0, 1000, 3)})
    again = UsageSeries.unpacked(series.packed())
    for hours in (1, 24, 7 * 24, LONGEST):
        assert again.history(hours, BEGIN + 10_000) == series.history(hours, BEGIN + 10_000)
    again.put(NUMBER + 1001, Usage(cpu=7))
    assert cpu(again, 1, 10_020)[1][-3:] == (99, None, 7)


GOOD = filled({0: 1}).packed()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", GOOD[:-1], GOOD[: len(GOOD) // 2], GOOD + b"x", bytes(len(GOOD))),
        *(bytes([*GOOD[:40], GOOD[40] ^ 1, *GOOD[41:]]), zlib.compress(b"XENUSE99" + zlib.decompress(GOOD)[8:])),
    ],
    ids=["empty", "other", "cut", "half", "more", "zeros", "bit", "version"],
)
async def test_what_is_torn_is_thrown_away_and_said(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    world = World(files={FILE: content})
    store = UsageStore(MemoryFiles(world))
    with caplog.at_level(logging.ERROR):
        assert (await store.history("u1", 1, BEGIN)).cpu == ()
    assert f"{FILE} cannot be read" in caplog.text
    await store.put("u1", NUMBER, Usage(cpu=3))
    await store.save(["u1"])
    assert (await UsageStore(MemoryFiles(world)).history("u1", 1, BEGIN)).cpu == (3,)


def test_no_small_file_becomes_large_in_memory() -> None:
    with pytest.raises(ValueError, match="torn"):
        UsageSeries.unpacked(zlib.compress(bytes(1 << 26)))


async def test_a_new_store_finds_what_was_written_and_what_was_not_is_lost() -> None:
    world = World()
    store = UsageStore(MemoryFiles(world))
    await store.put("u1", NUMBER, Usage(cpu=1))
    await store.save(["u1", "nobody"])
    await store.put("u1", NUMBER + 1, Usage(cpu=2))
    assert (await UsageStore(MemoryFiles(world)).history("u1", 1, BEGIN + 20)).cpu == (1,)


async def test_what_has_not_changed_is_not_written_again_and_what_is_forgotten_is_gone() -> None:
    world = World()
    store = UsageStore(MemoryFiles(world))
    await store.put("u1", NUMBER, Usage(cpu=1))
    await store.save(["u1"])
    written = world.files.pop(FILE)
    await store.save(["u1"])
    assert FILE not in world.files
    world.files[FILE] = written
    assert await store.written() == {"u1"}
    store.let_go(["u1"])
    assert store.in_memory == ()
    assert (await store.history("u1", 1, BEGIN)).cpu == (1,)
    await store.forget("u1")
    assert await store.written() == frozenset()
    assert (await store.history("u1", 1, BEGIN)).cpu == ()


async def test_what_cannot_be_written_stays_in_memory_and_is_written_later() -> None:
    world = World()
    store = UsageStore(MemoryFiles(world))
    await store.put("u1", NUMBER, Usage(cpu=1))
    world.fail_at = world.steps + 1
    with pytest.raises(OSError, match="No space"):
        await store.save(["u1"])
    assert FILE not in world.files
    await store.save(["u1"])
    assert FILE in world.files


def test_a_domain_takes_no_more_than_80_kib_in_memory_and_on_the_disk() -> None:
    series = UsageSeries()
    for number in range(0, 360 * 24 * 32, 12):
        series.put(NUMBER + number, Usage(*((number * prime % 9973) / 7 for prime in (3, 5, 7, 11, 13, 17, 19, 23))))
    assert sum(len(ring) * ring.itemsize for ring in series._rings) <= 80 << 10
    assert len(series.packed()) <= 80 << 10
