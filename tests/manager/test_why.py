"""What holds a domain back: findings from two looks, and the looks themselves on a simulated host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.world import ROOT, World, request

from xenia.lib.pressure import read_pressure
from xenia.manager.manager import Manager
from xenia.manager.why import cpu, devices, memory
from xenia.manager.why.sample import Look, Sample
from xenia.model.domain import Domain, DomainConfig, Kind, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.model.vcpu import Vcpu, VcpuState
from xenia.model.why import Circumstances, Emulated, Finding, Latencies

GUEST = Domain("web", "u1", 1, State.RUNNING, 512, 512, 1, 0.0, Kind.HVM, "simulated")


def sample(
    stats: tuple[Stats, Stats] = (Stats(), Stats()),
    *,
    guest: Domain = GUEST,
    cpus: int = 4,
    neighbours: tuple[tuple[str, float, Stats], ...] = (),
    circumstances: tuple[Circumstances, Circumstances] = (Circumstances(), Circumstances()),
    pressure: dict[str, float] | None = None,
    **others: Any,
) -> Sample:
    """Two looks, ten seconds apart; `neighbours` are names with the CPU seconds and the counts of that time."""
    before = {"u1": (guest, stats[0])}
    after = {"u1": (guest, stats[1])}
    for number, (name, used, counted) in enumerate(neighbours, 2):
        domain = replace(GUEST, name=name, uuid=name, domid=number)
        before[name], after[name] = (domain, Stats()), (replace(domain, cpu_time=used), counted)
    looks = [
        Look(at, domains, waited, weighs)
        for at, domains, waited, weighs in (
            (0.0, before, dict.fromkeys(pressure or {}, 0.0), circumstances[0]),
            (10.0, after, pressure or {}, circumstances[1]),
        )
    ]
    config = DomainConfig(guest.name, memory=512)
    return Sample("u1", config, *looks, cpus, **others)


def vcpus(*pairs: tuple[float, float | None]) -> tuple[Stats, Stats]:
    """Virtual CPUs that have run and waited so many seconds."""
    nothing = [VcpuStats(number, 0.0, None if wait is None else 0.0) for number, (_, wait) in enumerate(pairs)]
    return Stats(tuple(nothing)), Stats(tuple(VcpuStats(number, *pair) for number, pair in enumerate(pairs)))


def told(found: Sample) -> list[Finding]:
    return [each for about in (cpu, memory, devices) for each in about.findings(found)]


def one(found: Sample) -> Finding:
    (finding,) = told(found)
    return finding


def test_an_idle_guest_is_held_back_by_nothing() -> None:
    assert told(sample(vcpus((0.1, 0.01)), pressure={"cpu": 1.0, "memory": 0.0, "io": 0.1})) == []


def test_one_that_is_paused_needs_no_other_reason_of_the_cpu() -> None:
    paused = replace(GUEST, state=State.PAUSED)
    finding = one(sample(vcpus((5.0, 5.0)), guest=paused))
    assert (finding.weight, finding.command) == (100, "xm unpause web")


def test_waiting_for_a_cpu_names_the_neighbours_that_have_it() -> None:
    neighbours = (("calm", 0.1, Stats()), ("busy", 9.0, Stats()), ("busier", 15.0, Stats()))
    finding = one(sample(vcpus((5.0, 4.0), (1.0, 0.1)), neighbours=neighbours))
    assert finding == Finding(
        40,
        "its virtual CPU 0 waited 40 % of the time for a CPU of the host; its neighbours use CPUs: "
        "busier (150 %), busy (90 %)",
        "xm vcpu-pin busier all 3",
    )
    alone = one(sample(vcpus((5.0, 4.0)), neighbours=neighbours, cpus=1))
    assert alone.command == "xm pause busier"


def test_waiting_where_no_guest_takes_the_cpu_is_the_hosts() -> None:
    finding = one(sample(vcpus((5.0, 4.0))))
    assert "what else runs on the host" in finding.message
    assert finding.command == "top"


def test_waiting_of_a_virtual_cpu_that_may_not_go_elsewhere_is_its_pinning() -> None:
    finding = one(sample(vcpus((5.0, 4.0)), affinity=[Vcpu(0, VcpuState.RUNNING, 2, 1.0, (2,))]))
    assert finding.message.endswith("; it may only run on CPU 2")
    assert finding.command == "xm vcpu-pin web 0 all"


def test_waiting_that_is_not_counted_is_what_was_ready_and_did_not_run() -> None:
    finding = one(sample(vcpus((5.0, None)), ready={0: 0.9}))
    assert finding.weight == 40
    assert told(sample(vcpus((5.0, None)))) == [], "where it is not known it is not told"
    assert told(sample(vcpus((5.0, None)), ready={0: 0.4})) == []


def test_virtual_cpus_that_share_one_and_more_than_there_are() -> None:
    pinned = [Vcpu(number, VcpuState.RUNNING, 0, 1.0, (0,)) for number in (0, 1)]
    two = replace(GUEST, vcpus=2)
    both = told(sample(vcpus((5.0, 5.0), (5.0, 5.0)), guest=two, affinity=pinned))
    busy = next(each for each in both if "share" in each.message)
    assert (busy.weight, busy.message) == (60, "2 of its virtual CPUs share CPU 0 of the host")
    assert one(sample(guest=two, affinity=pinned)).weight == 10
    many = one(sample(guest=replace(GUEST, vcpus=8), cpus=2))
    assert (many.message, many.command) == (
        "it has 8 virtual CPUs, and the host only 2",
        "xm vcpu-set web 2",
    )


def test_a_guest_that_uses_all_it_has_is_told_so() -> None:
    assert one(sample(vcpus((9.8, 0.1)))) == Finding(
        30, "it uses all that its virtual CPU can run (98 %)", "xm vcpu-set web 2"
    )
    assert one(sample(vcpus((9.8, 0.1)), cpus=1)).command == "", "the host has no more"


def test_emulation_limits_and_the_balloon() -> None:
    slow = Circumstances(emulation="/dev/kvm is not there", held_back=6.0)
    emulated, limited = told(sample(vcpus((0.1, 0.0)), circumstances=(replace(slow, held_back=1.0), slow)))
    assert (emulated.weight, emulated.message.endswith("/dev/kvm is not there")) == (90, True)
    assert (limited.weight, "50 %" in limited.message) == (50, True)
    balloon = one(sample(guest=replace(GUEST, memory=200)))
    assert (balloon.message, balloon.command) == (
        "it has 200 of its 512 MiB: it has given back 312",
        "xm mem-set --live web 512",
    )


def test_time_in_which_a_limit_stops_a_guest_is_not_told_as_waiting_as_well() -> None:
    limits = Circumstances(held_back=0.0), Circumstances(held_back=7.0)
    assert "a limit" in one(sample(vcpus((2.0, 7.1)), circumstances=limits)).message
    _, waits = told(sample(vcpus((1.0, 9.0)), circumstances=limits))
    assert waits.weight == 20


def test_swapped_memory_and_a_host_short_of_it() -> None:
    swapped = Circumstances(swapped=256)
    found = told(
        sample(circumstances=(swapped, swapped), pressure={"memory": 2.0, "io": 5.0}, neighbours=(("big", 0, Stats()),))
    )
    assert [each.weight for each in found] == [70, 20, 25]
    assert found[0].command == "xm mem-set --live big 256"
    assert "20 % of the time" in found[1].message


def test_a_slow_disk_is_told_with_the_neighbour_that_uses_it() -> None:
    before = Stats(disks=(DiskStats("xvda", 0, 0, 0, 0, 0, 0.0, 0.0),))
    after = Stats(disks=(DiskStats("xvda", 0, 0, 100, 50, 2, 4.0, 1.0),))
    neighbour = ("backup", 0.1, Stats(disks=(DiskStats("xvda", 0, 0, 5000, 0),)))
    failed, slow = told(sample((before, after), neighbours=(neighbour,)))
    assert failed == Finding(95, "2 requests of its disk xvda failed", "dmesg")
    assert slow == Finding(
        50,
        "it waited for its disk xvda 50 % of the time: 100 reads took 40.0 ms each and 50 writes took 20.0 ms each"
        "; its neighbour backup has 500 requests a second",
        "xm pause backup",
    )


@pytest.mark.parametrize(
    "after",
    [
        DiskStats("xvda", 0, 0, 1000, 0, 0, 1.0, 0.0),
        DiskStats("xvda", 0, 0, 2, 0, 0, 1.0, 0.0),
        DiskStats("xvda", 0, 0, 100, 0),
    ],
)
def test_a_disk_that_is_quick_little_used_or_not_timed_is_no_finding(after: DiskStats) -> None:
    before = Stats(disks=(replace(after, reads=0, read_time=None if after.read_time is None else 0.0),))
    assert told(sample((before, Stats(disks=(after,))))) == []


def test_packets_that_were_dropped() -> None:
    stats = Stats(vifs=(VifStats(0, "vif1.0", 0, 0, 0, 0),)), Stats(vifs=(VifStats(0, "vif1.0", 0, 0, 0, 0, 3, 4),))
    assert "7 packets" in one(sample(stats)).message


def test_emulated_devices_weigh_more_when_they_work() -> None:
    both = Circumstances(
        emulated=(Emulated("hda", "an emulated IDE disk", True), Emulated("0", "an emulated rtl8139", False))
    )
    idle = told(sample(circumstances=(both, both)))
    assert [each.weight for each in idle] == [10, 10]
    assert idle[1].command == "xm config remove web vif 0; xm config add web vif type=vif"
    before, after = (Stats(disks=(DiskStats("hda", 0, 0, count, 0),)) for count in (0, 100))
    assert told(sample((before, after), circumstances=(both, both)))[0].weight == 40


async def started(manager: Manager, name: str) -> str:
    job = await manager.wait(manager.create(request(name), ROOT).id, 10)
    assert job.result is not None
    uuid: str = job.result["uuid"]
    return uuid


async def test_a_domain_is_looked_at_twice_and_what_weighs_most_comes_first(world: World, manager: Manager) -> None:
    uuid = await started(manager, "a")
    await started(manager, "b")
    world.host.guests[uuid].memory = 1
    world.host.guests[uuid].circumstances = Circumstances(emulation="it is simulated", unknown=("the weather",))
    why = await manager.why.read("a", 0.1)
    assert (why.domain, why.domid) == ("a", 1)
    assert [each.weight for each in why.findings] == [90, 25]
    assert "the weather" in why.unknown
    assert 0.1 <= why.seconds < 30


async def test_of_five_hundred_one_is_looked_at(world: World, manager: Manager) -> None:
    for number in range(500):
        await started(manager, f"d{number}")
    assert (await manager.why.read("d250", 0.1)).findings == ()


async def test_where_disks_cannot_be_asked_for_it_is_said(world: World, manager: Manager) -> None:
    uuid = await started(manager, "a")
    world.host.guests[uuid].stats = Stats(disks=None)
    assert "its disks: its QEMU does not answer" in (await manager.why.read("a", 0.1)).unknown


async def test_what_does_not_run_cannot_be_looked_at(world: World, manager: Manager) -> None:
    for ref, kind in (("nix", ErrorKind.NOT_FOUND), ("Domain-0", ErrorKind.CONFLICT)):
        with pytest.raises(XeniaError) as raised:
            await manager.why.read(ref, 0.1)
        assert raised.value.kind is kind


def test_pressure_is_read_where_the_kernel_counts_it(tmp_path: Any) -> None:
    assert read_pressure(tmp_path) == {}
    (tmp_path / "cpu").write_text("some avg10=1.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=1\n")
    assert read_pressure(tmp_path) == {"cpu": 2.5}


BOUNDS = (0.001, 0.01, 0.1, 1.0)


def latencies(reads: tuple[int, ...], writes: tuple[int, ...] = (0,) * 5) -> Latencies:
    return Latencies("xvda", BOUNDS, reads, writes)


def of_a_disk(stats: DiskStats, reads: tuple[int, ...], before: tuple[int, ...] = (0,) * 5) -> Sample:
    looks = (Circumstances(latencies=(latencies(before),)), Circumstances(latencies=(latencies(reads),)))
    nothing = DiskStats("xvda", 0, 0, 0, 0, 0, 0.0, 0.0)
    return sample((Stats(disks=(nothing,)), Stats(disks=(stats,))), circumstances=looks)


BUSY = DiskStats("xvda", 0, 0, 140, 0, 0, 8.0, 0.0)
CALM = DiskStats("xvda", 0, 0, 100, 0, 0, 0.5, 0.0)


def test_a_busy_disk_tells_how_long_most_and_nearly_all_requests_took() -> None:
    finding = one(of_a_disk(BUSY, (160, 30, 9, 1, 0), before=(60, 0, 0, 0, 0)))
    assert "half of" in finding.message
    assert "took up to 1 ms, 99 of 100 up to 100 ms" in finding.message
    same = one(of_a_disk(BUSY, (0, 0, 0, 0, 7)))
    assert "reads took more than 1000 ms" in same.message


def test_the_few_that_take_long_are_told_where_the_average_says_nothing() -> None:
    finding = one(of_a_disk(CALM, (90, 5, 1, 3, 1)))
    assert (finding.weight, finding.message.startswith("4 of 100 requests took 100 ms or more")) == (20, True)
    assert told(of_a_disk(CALM, (998, 0, 0, 1, 1))) == [], "rare enough"
    assert told(of_a_disk(CALM, (99, 0, 0, 1, 0))) == [], "one alone is chance"


def test_latencies_that_were_not_counted_before_are_those_since() -> None:
    one_look = Circumstances(latencies=(latencies((1, 0, 0, 0, 0)),))
    (found,) = sample(circumstances=(Circumstances(), one_look)).latencies()
    assert found.reads == (1, 0, 0, 0, 0)
    other = Circumstances(latencies=(Latencies("xvda", (0.5,), (9, 9), (9, 9)),))
    (found,) = sample(circumstances=(other, one_look)).latencies()
    assert found.reads == (1, 0, 0, 0, 0), "others have set other bounds meanwhile"


def test_the_pressure_on_the_domain_itself_counts_where_it_is_known() -> None:
    calm = (Circumstances(pressure={"io": 0.0, "memory": 0.0}),) * 2
    finding, *more = told(sample(circumstances=calm, pressure={"io": 5.0}))
    assert more == []
    assert finding.message.startswith("the host waits for its disks: some of its processes did 50 % of the time, those")
    assert finding.message.endswith("of this domain 0 %")
    assert finding.weight == 1
    pressed = (calm[0], Circumstances(pressure={"io": 4.0, "memory": 9.0}))
    assert [each.weight for each in told(sample(circumstances=pressed, pressure={"io": 0.0}))] == [90, 20]


def test_what_serves_the_devices_waits_for_a_cpu_too() -> None:
    looks = (Circumstances(pressure={"cpu": 0.0}), Circumstances(pressure={"cpu": 5.0}))
    finding = one(sample(vcpus((1.0, 0.1)), circumstances=looks))
    assert (finding.weight, finding.command) == (49, "xm top")
    assert "what serves its devices waited 49 % of the time" in finding.message
