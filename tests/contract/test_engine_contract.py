"""The contract of engines: one suite that every engine passes, on simulated guests and on real ones."""

from __future__ import annotations

import asyncio
import errno
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from tests.contract.rigs import QemuRig, Rig, SimulatedRig, XenRig, inspect_here, next_end

from xenia.engines.agent import HasAgents
from xenia.engines.base import ChangesMedia, DumpsCores, Plugged, PlugsCards, PlugsDisks, Saves, SharesCpuTime
from xenia.engines.debugging import HasHypervisor, HasMonitor, SendsSignals
from xenia.engines.xen.probe import booted_into_xen
from xenia.images import demo
from xenia.model.agent import ShutdownMode
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskBus, DiskMode, DiskSource
from xenia.model.domain import EndAction, EndReason, Kind, Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.host import Capability
from xenia.model.save import SaveInfo
from xenia.model.signal import Trigger
from xenia.model.vcpu import VcpuState
from xenia.model.vif import Vif, VifType
from xenia.storage.open import OpenedDisk
from xenia.storage.save.files import SaveFiles


@pytest.fixture(scope="session")
def linux_guest(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoGuest:
    return demo.make(tmp_path_factory.mktemp("guest"), name="contract")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder in which a socket's path stays below 108 bytes, unlike tmp_path."""
    with tempfile.TemporaryDirectory(prefix="xc") as folder:
        yield Path(folder)


RIGS = [
    "simulated",
    pytest.param("qemu", marks=pytest.mark.qemu),
    pytest.param("xen pv", marks=pytest.mark.xen),
    pytest.param("xen pvh", marks=pytest.mark.xen),
]


def made_rig(request: pytest.FixtureRequest, folder: Path) -> Rig:
    match request.param.split():
        case ["simulated"]:
            return SimulatedRig()
        case ["qemu"]:
            return QemuRig(folder, request.getfixturevalue("linux_guest"))
        case [_, kind]:
            if not booted_into_xen():
                pytest.skip("tests/live/xen/test_contract.py runs this inside a real Xen host")
            return XenRig(folder, Kind(kind))
    raise AssertionError(request.param)


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest, short_folder: Path) -> AsyncIterator[Rig]:
    made = made_rig(request, short_folder)
    report = await made.engine.probe()
    assert report.usable, report.reason
    assert await made.engine.recover([]) == []
    yield made
    await made.close()


async def start(rig: Rig, name: str, **policy: EndAction) -> Started:
    started = rig.started(name, **policy)
    async with rig.resources(started) as resources:
        await rig.engine.start(started, resources)
    return started


async def run(rig: Rig, name: str, **policy: EndAction) -> Started:
    """Start a guest and wait until it is up."""
    started = await start(rig, name, **policy)
    await rig.engine.unpause(started.uuid)
    await rig.booted(started)
    return started


def state_of(rig: Rig, started: Started) -> State | None:
    """Running and waiting for work are the same here."""
    observed = rig.engine.observe(started.uuid)
    if observed is None:
        return None
    return State.RUNNING if observed.state is State.BLOCKED else observed.state


def starts_over_in_place(rig: Rig) -> bool:
    return Capability.RESET in rig.engine.capabilities


@pytest.mark.xen_full
async def test_a_guest_starts_with_its_cpus_stopped_and_can_be_paused_and_unpaused(rig: Rig) -> None:
    started = await start(rig, "a")
    assert state_of(rig, started) is State.PAUSED
    for verb, state in (
        (rig.engine.unpause, State.RUNNING),
        (rig.engine.unpause, State.RUNNING),
        (rig.engine.pause, State.PAUSED),
        (rig.engine.pause, State.PAUSED),
    ):
        await verb(started.uuid)
        assert state_of(rig, started) is state


async def test_a_guest_that_powers_itself_off_stays_to_be_looked_at_and_can_be_started_over(rig: Rig) -> None:
    started = await run(rig, "a")
    await rig.power_off(started)
    event = await next_end(rig)
    assert (event.uuid, event.state, event.end) == (started.uuid, State.SHUTDOWN, EndReason.POWEROFF)
    assert state_of(rig, started) is State.SHUTDOWN
    if not starts_over_in_place(rig):
        with pytest.raises(XeniaError):
            await rig.engine.reset(started.uuid)
        return
    await rig.engine.reset(started.uuid)
    assert state_of(rig, started) is State.RUNNING
    await rig.booted(started)


@pytest.mark.xen_full
async def test_a_guest_obeys_its_power_button(rig: Rig) -> None:
    started = await run(rig, "a")
    assert await rig.engine.shutdown(started.uuid) is not ShutdownMode.AUTO, "it tells how it was asked"
    event = await next_end(rig)
    assert (event.uuid, event.end) == (started.uuid, EndReason.POWEROFF)


@pytest.mark.xen_full
async def test_a_guest_without_an_agent_is_told_at_once(rig: Rig) -> None:
    started = await run(rig, "a")
    agent = cast(HasAgents, rig.engine).agent(started.uuid)
    with pytest.raises(XeniaError) as raised:
        await agent.info()
    assert raised.value.kind is ErrorKind.CONFLICT


async def test_a_reboot_from_inside_starts_the_guest_over_or_is_told(rig: Rig) -> None:
    started = await run(rig, "a", on_reboot=EndAction.RESTART)
    await rig.reboot(started)
    event = await next_end(rig)
    assert (event.uuid, event.end) == (started.uuid, EndReason.REBOOT)
    if not starts_over_in_place(rig):
        assert state_of(rig, started) is event.state is State.SHUTDOWN
        return
    assert event.state is State.RUNNING
    await rig.booted(started)
    assert state_of(rig, started) is State.RUNNING


@pytest.mark.xen_full
async def test_a_reboot_from_inside_ends_a_guest_whose_policy_is_another(rig: Rig) -> None:
    started = await run(rig, "a", on_reboot=EndAction.DESTROY)
    await rig.reboot(started)
    event = await next_end(rig)
    assert (event.uuid, event.state, event.end) == (started.uuid, State.SHUTDOWN, EndReason.REBOOT)


async def test_a_crash_is_seen(rig: Rig) -> None:
    started = await run(rig, "a")
    await rig.crash(started)
    event = await next_end(rig)
    assert (event.uuid, event.state, event.end) == (started.uuid, State.CRASHED, EndReason.CRASH)
    assert state_of(rig, started) is State.CRASHED


async def test_a_guest_that_is_killed_from_outside_is_gone_and_said_so(rig: Rig) -> None:
    started = await start(rig, "a")
    await rig.engine.unpause(started.uuid)
    await rig.kill(started)
    event = await next_end(rig)
    assert (event.uuid, event.state, event.end) == (started.uuid, State.DYING, EndReason.CRASH)
    assert any(word in event.detail for word in ("9", "KILL", "from outside"))
    assert rig.engine.observe(started.uuid) is None
    with pytest.raises(XeniaError) as raised:
        await rig.engine.pause(started.uuid)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await rig.engine.destroy(started.uuid)


async def test_destroy_leaves_nothing_tells_nothing_and_may_be_asked_again(rig: Rig) -> None:
    first, second = await start(rig, "a"), await start(rig, "b")
    await rig.engine.unpause(first.uuid)
    await rig.engine.destroy(first.uuid)
    await rig.engine.destroy(first.uuid)
    assert rig.engine.observe(first.uuid) is None
    await rig.engine.unpause(second.uuid)
    await rig.kill(second)
    assert (await next_end(rig)).uuid == second.uuid, "the first thing told is not about what was destroyed"
    await rig.new_engine()
    assert await rig.engine.recover([first, second]) == []


async def test_what_runs_is_found_again_as_it_is(rig: Rig) -> None:
    paused, running, over = await start(rig, "paused"), await start(rig, "running"), await run(rig, "over")
    never = rig.started("never")
    await rig.engine.unpause(running.uuid)
    await rig.power_off(over)
    assert (await next_end(rig)).uuid == over.uuid
    await rig.new_engine()
    found = {each.uuid: each for each in await rig.engine.recover([paused, running, over, never])}
    assert {uuid: each.state for uuid, each in found.items()} == {
        paused.uuid: State.PAUSED,
        running.uuid: found[running.uuid].state if found[running.uuid].state is State.BLOCKED else State.RUNNING,
        over.uuid: State.SHUTDOWN,
    }
    assert found[over.uuid].end is EndReason.POWEROFF
    await rig.engine.unpause(paused.uuid)
    assert state_of(rig, paused) is State.RUNNING
    for started in (paused, running, over):
        await rig.engine.destroy(started.uuid)
        assert rig.engine.observe(started.uuid) is None


@pytest.mark.xen_full
async def test_a_guest_gives_memory_back_and_takes_it_again(rig: Rig) -> None:
    started = await run(rig, "a")
    most = started.config.memory
    for size in (most - 24, most):
        assert await rig.engine.set_memory(started.uuid, size) == size
        figure = (await rig.engine.figures())[started.uuid].memory
        assert figure is not None
        assert abs(figure - size) <= 16
    if Capability.MAX_MEMORY in rig.engine.capabilities:
        await rig.engine.set_max_memory(started.uuid, most)


@pytest.mark.xen_full
async def test_virtual_cpus_come_up_to_the_most_and_go_where_they_can(rig: Rig) -> None:
    plain = rig.started("a")
    started = replace(plain, config=replace(plain.config, max_vcpus=3))
    async with rig.resources(started) as resources:
        await rig.engine.start(started, resources)
    await rig.engine.unpause(started.uuid)
    await rig.booted(started)
    await rig.takes_cpus(started, 3)
    assert await rig.engine.set_vcpus(started, 3) == 3
    assert (await rig.engine.figures())[started.uuid].vcpus == 3
    await rig.new_engine()
    assert len(await rig.engine.recover([started])) == 1
    assert (await rig.engine.figures())[started.uuid].vcpus == 3
    online = [each for each in (await rig.engine.vcpus())[started.uuid] if each.state is not VcpuState.OFFLINE]
    assert [each.number for each in online] == [0, 1, 2]
    if rig.lets_go_of_cpus:
        assert await rig.engine.set_vcpus(started, 1) == 1
        assert (await rig.engine.figures())[started.uuid].vcpus == 1
        return
    with pytest.raises(XeniaError, match="takes KVM") as raised:
        await rig.engine.set_vcpus(started, 1)
    assert raised.value.kind is ErrorKind.INVALID


@pytest.mark.xen_full
async def test_what_has_been_counted_of_a_guest_is_told(rig: Rig) -> None:
    started = await start(rig, "a")
    before = (await rig.engine.stats())[started.uuid]
    assert [each.number for each in before.vcpus] == [0]
    await rig.engine.unpause(started.uuid)
    await rig.booted(started)
    after = (await rig.engine.stats(started.uuid))[started.uuid]
    assert after.vcpus[0].cpu_time >= before.vcpus[0].cpu_time
    assert after.vcpus[0].cpu_time > 0
    await rig.engine.destroy(started.uuid)
    assert started.uuid not in await rig.engine.stats()


@pytest.mark.xen_full
async def test_virtual_cpus_are_told_and_pinned(rig: Rig) -> None:
    started = await start(rig, "a")
    (vcpu,) = (await rig.engine.vcpus())[started.uuid]
    assert vcpu.number == 0
    assert vcpu.cpus is None
    await rig.engine.pin(started.uuid, 0, (0,))
    assert (await rig.engine.vcpus())[started.uuid][0].cpus in ((0,), None), "None where the host has only one"
    await rig.engine.pin(started.uuid, None, None)
    assert (await rig.engine.vcpus())[started.uuid][0].cpus is None
    with pytest.raises(XeniaError) as raised:
        await rig.engine.pin(started.uuid, 7, None)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    if Capability.SOFT_AFFINITY in rig.engine.capabilities:
        await rig.engine.pin(started.uuid, 0, (0,), soft=True)
        assert (await rig.engine.vcpus())[started.uuid][0].soft in ((0,), None), "None where the host has only one"


@pytest.mark.xen_full
async def test_the_share_of_cpu_time_is_that_of_the_guest_file_and_can_be_changed(rig: Rig) -> None:
    if Capability.SCHEDULING not in rig.engine.capabilities:
        return
    engine = cast(SharesCpuTime, rig.engine)
    plain = rig.started("a")
    started = replace(plain, config=replace(plain.config, cpu_weight=512))
    async with rig.resources(started) as resources:
        await rig.engine.start(started, resources)
    share = (await engine.shares())[started.uuid]
    assert (share.weight, share.cap) == (512, 0)
    wanted = replace(share, weight=128, cap=50)
    await engine.set_share(started.uuid, wanted)
    assert (await engine.shares())[started.uuid] == wanted
    with pytest.raises(XeniaError) as raised:
        await engine.set_share(str(uuid4()), wanted)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED


@pytest.mark.xen_full
async def test_a_guest_may_be_renamed_and_its_old_name_given_to_another(rig: Rig) -> None:
    old = await start(rig, "a")
    await rig.engine.rename(old.uuid, "b")
    other = await start(rig, "a")
    renamed = replace(old, config=replace(old.config, name="b"))
    await rig.new_engine()
    assert {each.uuid for each in await rig.engine.recover([renamed, other])} == {old.uuid, other.uuid}
    with pytest.raises(XeniaError) as raised:
        await rig.engine.rename(str(uuid4()), "c")
    assert raised.value.kind is ErrorKind.ENGINE_FAILED


async def test_a_rename_that_was_cut_off_is_finished(rig: Rig) -> None:
    """xend has written the new name down, and was killed before the engine knew of it."""
    old = await start(rig, "a")
    renamed = replace(old, config=replace(old.config, name="b"))
    await rig.new_engine()
    assert len(await rig.engine.recover([renamed])) == 1
    await start(rig, "a")


async def test_what_happens_after_it_was_found_again_is_told(rig: Rig) -> None:
    started = await start(rig, "a")
    await rig.engine.unpause(started.uuid)
    await rig.new_engine()
    assert len(await rig.engine.recover([started])) == 1
    await rig.kill(started)
    event = await next_end(rig)
    assert (event.uuid, event.state) == (started.uuid, State.DYING)


@pytest.mark.xen_full  # five guests
async def test_several_start_at_once_and_their_cpu_time_is_known(rig: Rig) -> None:
    many = await asyncio.gather(*(start(rig, f"g{number}") for number in range(5)))
    figures = await rig.engine.figures()
    assert {started.uuid for started in many} <= figures.keys()
    assert all(each.cpu_time >= 0 for each in figures.values())


@pytest.mark.xen_full
async def test_a_plain_configuration_has_a_meaning_and_an_abi_that_holds(rig: Rig) -> None:
    started = rig.started("a")
    meaning = rig.engine.explain(started.config)
    assert meaning.rendered
    assert not [each for each in meaning.complaints if each.severity is Severity.ERROR]
    abi = rig.engine.abi_of(started.config)
    assert abi == rig.engine.abi_of(started.config) != {}
    recorded = replace(started, abi=abi)
    async with rig.resources(recorded) as resources:
        await rig.engine.start(recorded, resources)
    assert state_of(rig, recorded) is State.PAUSED


@pytest.mark.xen_full
async def test_signals_reach_a_guest(rig: Rig) -> None:
    started = await run(rig, "a")
    engine = cast(SendsSignals, rig.engine)
    await engine.sysrq(started.uuid, "h")
    await rig.heard_sysrq(started)
    await engine.trigger(started, Trigger.NMI, None)
    with pytest.raises(XeniaError) as raised:
        await engine.trigger(started, Trigger.INIT, None)
    assert raised.value.kind is ErrorKind.INVALID
    assert state_of(rig, started) is State.RUNNING


@pytest.mark.xen_full
async def test_the_monitor_of_its_qemu_answers_or_there_is_none(rig: Rig) -> None:
    started = await start(rig, "a")
    engine = cast(HasMonitor, rig.engine)
    if rig.engine.name != "xen":
        assert await engine.monitor_command(started.uuid, "info status")
        return
    with pytest.raises(XeniaError, match="no device model") as raised:
        await engine.monitor_command(started.uuid, "info status")
    assert raised.value.kind is ErrorKind.CONFLICT


@pytest.mark.xen_full
async def test_the_hypervisor_has_messages(rig: Rig) -> None:
    if Capability.HYPERVISOR not in rig.engine.capabilities:
        return
    engine = cast(HasHypervisor, rig.engine)
    await engine.debug_keys("h")
    assert "(XEN)" in await engine.hypervisor_log(clear=True)


@pytest.mark.xen_full
async def test_a_disk_is_plugged_into_a_guest_that_runs_found_again_and_unplugged(rig: Rig, short_folder: Path) -> None:
    if Capability.DISK_HOTPLUG not in rig.engine.capabilities:
        return
    engine = cast(PlugsDisks, rig.engine)
    started = await run(rig, "a")
    await rig.sees_disks(started, 0)
    image = short_folder / "data.img"
    image.write_bytes(bytes(1 << 20))
    disk = Disk("xvdb", str(image))
    with_disk = replace(started, config=replace(started.config, disks=(disk,)))
    async with rig.open_disk(started, disk) as opened:
        await engine.attach_disk(with_disk, opened)
    assert disks_of(rig, started) == {"xvdb"}
    await rig.sees_disks(started, 1)
    assert await engine.how_taken(started.uuid, "xvdb", 10) is Plugged.TAKEN
    with pytest.raises(XeniaError) as raised:
        async with rig.open_disk(started, disk):
            pass
    assert raised.value.kind is ErrorKind.CONFLICT, "the guest has locked it"
    await rig.new_engine()
    found = await rig.engine.recover([with_disk])
    assert [each.disks for each in found] == [{"xvdb"}]
    engine = cast(PlugsDisks, rig.engine)
    await engine.detach_disk(started.uuid, "xvdb")
    assert disks_of(rig, started) == set()
    await rig.sees_disks(started, 0)
    async with rig.open_disk(started, disk) as opened:
        await engine.attach_disk(with_disk, opened)
    await rig.sees_disks(started, 1)


@pytest.mark.xen_full
async def test_the_medium_of_a_drive_is_changed_locked_and_found_again(rig: Rig, short_folder: Path) -> None:
    if Capability.MEDIUM_CHANGE not in rig.engine.capabilities:
        return
    drive = Disk("hdc", source=DiskSource.EMPTY, cdrom=True, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY)
    started = rig.with_drive(rig.started("a"), drive)
    async with rig.resources(started) as resources:
        await rig.engine.start(started, resources)
    for name in ("one.iso", "two.iso"):
        image = short_folder / name
        image.write_bytes(bytes(1 << 20))
        medium = replace(drive, path=str(image), source=DiskSource.FILE)
        async with rig.open_disk(started, medium) as opened:
            await cast(ChangesMedia, rig.engine).change_medium(started.uuid, opened, force=False)
        assert media_of(rig, started) == {"hdc": True}
    await rig.new_engine()
    found = await rig.engine.recover([started])
    assert [(each.disks, each.media) for each in found] == [({"hdc"}, {"hdc": True})]
    await cast(ChangesMedia, rig.engine).change_medium(started.uuid, OpenedDisk(drive), force=False)
    assert media_of(rig, started) == {"hdc": False}
    with pytest.raises(XeniaError) as raised:
        await cast(ChangesMedia, rig.engine).change_medium(started.uuid, OpenedDisk(Disk("xvdz")), force=False)
    assert raised.value.kind is ErrorKind.INVALID


@pytest.mark.xen_full
async def test_the_core_of_a_guest_is_dumped_and_it_runs_on(rig: Rig, short_folder: Path) -> None:
    if not rig.dumps_cores:
        return
    started = await run(rig, "a")
    engine = cast(DumpsCores, rig.engine)
    progress: list[float] = []
    with tempfile.TemporaryFile(dir=short_folder) as core:
        await engine.dump_core(started.uuid, core.fileno(), live=False, tell=progress.append)
        rig.has_core(started, core.fileno())
    assert state_of(rig, started) is State.RUNNING
    assert all(0 <= each <= 1 for each in progress)
    await rig.crash(started)
    assert (await next_end(rig)).end is EndReason.CRASH
    with open("/dev/full", "wb") as full, pytest.raises((XeniaError, OSError)):
        await engine.dump_core(started.uuid, full.fileno(), live=False, tell=progress.append)
    assert state_of(rig, started) is State.CRASHED
    await rig.engine.destroy(started.uuid)
    with open("/dev/null", "wb") as core, pytest.raises(XeniaError) as raised:
        await engine.dump_core(started.uuid, core.fileno(), live=False, tell=progress.append)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED


class _Full:
    """A disk that takes nothing."""

    async def state(self, source: int, *, memory: int, expected: int = 0) -> None:
        raise OSError(errno.ENOSPC, "full")

    async def memory(self, source: int) -> None:
        raise AssertionError("there was no state")


async def test_a_guest_is_saved_and_goes_on_from_there(rig: Rig, short_folder: Path) -> None:
    if Capability.SAVE not in rig.engine.capabilities:
        return
    started = await run(rig, "a")
    engine, files, path = cast(Saves, rig.engine), SaveFiles(inspect_here), short_folder / "a.save"
    with pytest.raises(OSError, match="full"):
        await engine.save(started, _Full())
    await rig.engine.unpause(started.uuid)
    with files.create(path, "0" * 32, lambda _: None) as sink:
        traits = await engine.save(started, sink)
        await sink.finish(SaveInfo("0" * 32, 1.0, "here", "now", "1", started, traits=traits))
        await sink.keep()
    assert state_of(rig, started) is State.PAUSED
    await rig.engine.unpause(started.uuid)
    assert state_of(rig, started) is State.RUNNING
    await rig.engine.destroy(started.uuid)
    async with files.open(path, lambda _: None) as source, rig.resources(started) as resources:
        await rig.engine.start(started, replace(resources, save=source))
    assert state_of(rig, started) is State.PAUSED
    await rig.engine.unpause(started.uuid)
    await rig.goes_on(started)
    await rig.power_off(started)
    assert (await next_end(rig)).end is EndReason.POWEROFF


async def test_a_dead_guest_is_set_aside_and_another_has_its_disk(rig: Rig, short_folder: Path) -> None:
    image = short_folder / "data.img"
    image.write_bytes(bytes(1 << 20))
    plain = rig.started("a")
    started = replace(plain, config=replace(plain.config, disks=(Disk("xvdb", str(image)),)))
    async with rig.resources(started) as resources:
        await rig.engine.start(started, resources)
    await rig.engine.unpause(started.uuid)
    await rig.booted(started)
    await rig.crash(started)
    assert (await next_end(rig)).end is EndReason.CRASH
    config = replace(started.config, name="a-kept", disks=(), vifs=())
    kept = replace(started, uuid=rig.new_uuid(), config=config, macs=(), end=EndReason.CRASH)
    await rig.engine.set_aside(started.uuid, kept)
    assert rig.engine.observe(started.uuid) is None
    assert state_of(rig, kept) is State.CRASHED
    again = replace(started, domid=rig.started("b").domid)
    async with rig.resources(again) as resources:
        await rig.engine.start(again, resources)
    await rig.engine.unpause(again.uuid)
    await rig.new_engine()
    found = {each.uuid: each.state for each in await rig.engine.recover([kept, again])}
    assert found.pop(kept.uuid) is State.CRASHED
    assert set(found.values()) <= {State.RUNNING, State.BLOCKED}
    with pytest.raises(XeniaError) as raised:
        await rig.engine.set_aside(str(uuid4()), kept)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await rig.engine.destroy(kept.uuid)
    assert rig.engine.observe(kept.uuid) is None
    assert state_of(rig, again) is State.RUNNING
    await rig.engine.destroy(again.uuid)


@pytest.mark.xen_full
async def test_a_card_is_plugged_into_a_guest_that_runs_found_again_and_unplugged(rig: Rig) -> None:
    if Capability.VIF_HOTPLUG not in rig.engine.capabilities:
        return
    started = await run(rig, "a")
    has = len(started.config.vifs)
    await rig.sees_cards(started, has)
    vif, mac = Vif(VifType.PARAVIRTUAL, item=5), "00:16:3e:00:00:99"
    vifs, macs = (*started.config.vifs, vif), (*started.macs, mac)
    changed = replace(started, config=replace(started.config, vifs=vifs), macs=macs)
    guarded: list[str] = []

    async def guard(interface: str) -> None:
        guarded.append(interface)

    for _ in range(2):
        guarded.clear()
        async with rig.attach_vif(started, vif, mac) as attached:
            await cast(PlugsCards, rig.engine).attach_vif(changed, attached, guard)
        await rig.sees_cards(started, has + 1)
        assert await cast(PlugsCards, rig.engine).how_taken(started.uuid, 5, 10) is Plugged.TAKEN
        await rig.new_engine()
        (found,) = await rig.engine.recover([changed])
        assert found.cards == {*range(has), 5}
        assert len(found.vifs) == has + 1
        assert guarded == [name for name in found.vifs[has:] if name != "user"]
        await cast(PlugsCards, rig.engine).detach_vif(started.uuid, 5)
        observed = rig.engine.observe(started.uuid)
        assert observed is not None
        assert (observed.cards, len(observed.vifs)) == (set(range(has)), has)
        await rig.sees_cards(started, has)


def media_of(rig: Rig, started: Started) -> Mapping[str, bool] | None:
    observed = rig.engine.observe(started.uuid)
    assert observed is not None
    return observed.media


def disks_of(rig: Rig, started: Started) -> frozenset[str] | None:
    observed = rig.engine.observe(started.uuid)
    assert observed is not None
    return observed.disks
