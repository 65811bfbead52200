import json
from dataclasses import replace

from tests.support.world import MemoryFiles, World

from xenia.lib.codec import to_plain
from xenia.model.domain import Definition, DomainConfig, DomainRecord, Started
from xenia.store.records import Records
from xenia.store.runs import Runs


def started(number):
    return Started(f"u{number}", number, DomainConfig(f"n{number}"), Definition(), (), "simulated", 1.0)


async def test_records_are_found_again_by_uuid_and_name():
    files = MemoryFiles(World())
    records = Records(files)
    await records.save(DomainRecord("u1", "a", macs=("m",)))
    again = Records(files)
    await again.load()
    assert again.by_uuid("u1") == again.by_name("a") == DomainRecord("u1", "a", macs=("m",))


async def test_a_name_has_one_record():
    files = MemoryFiles(World())
    records = Records(files)
    await records.save(DomainRecord("u1", "a"))
    await records.save(DomainRecord("u2", "a"))
    again = Records(files)
    await again.load()
    assert [record.uuid for record in again.all()] == ["u2"]


async def test_a_record_that_cannot_be_read_is_left_alone():
    world = World()
    world.files["var/lib/xenia/domains/u1.json"] = b"{ torn"
    records = Records(MemoryFiles(world))
    await records.load()
    assert records.all() == ()
    assert records.uuids == {"u1"}
    assert world.files["var/lib/xenia/domains/u1.json"] == b"{ torn"


async def test_runs_are_found_again_and_ids_go_on():
    files = MemoryFiles(World())
    runs = Runs(files, "boot")
    assert await runs.load() == []
    assert [await runs.new_domid(), await runs.new_domid()] == [1, 2]
    await runs.save(started(2))
    again = Runs(files, "boot")
    assert await again.load() == [started(2)]
    assert await again.new_domid() == 3


async def test_ids_go_on_even_when_the_counter_is_lost():
    world = World()
    world.files["run/xenia/boot-id"] = b"boot"
    world.files["run/xenia/domains/u7/started.json"] = json.dumps(to_plain(started(7))).encode()
    runs = Runs(MemoryFiles(world), "boot")
    await runs.load()
    assert await runs.new_domid() == 8


async def test_after_a_reboot_of_the_host_nothing_runs_and_ids_begin_again():
    files = MemoryFiles(World())
    runs = Runs(files, "boot")
    await runs.load()
    await runs.new_domid()
    await runs.save(started(1))
    rebooted = Runs(files, "another boot")
    assert await rebooted.load() == []
    assert await rebooted.new_domid() == 1


async def test_leftovers_without_a_configuration_are_removed_and_unreadable_ones_kept():
    world = World()
    world.files |= {
        "run/xenia/boot-id": b"boot",
        "run/xenia/domains/u1/lease": b"",
        "run/xenia/domains/u2/started.json": b"torn",
        "run/xenia/domains/u3/started.json": json.dumps(to_plain(replace(started(3), macs=("m",)))).encode(),
    }
    found = await Runs(MemoryFiles(world), "boot").load()
    assert [each.uuid for each in found] == ["u3"]
    assert world.runs() == {"u2", "u3"}
