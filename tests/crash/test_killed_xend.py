"""xend is killed at every step of every operation, and the next one finds each domain: none lost, none twice.

A step is a place between two effects on the host (a file written, a guest started, a lock taken). First every place of
each operation by itself, then seeded random days with several operations at a time and several deaths.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tests.support.world import ROOT, Killed, World, request, started_of

from xenia.lib.aio import Tasks
from xenia.manager.brake import Brake
from xenia.manager.host_stop import StopSettings
from xenia.manager.manager import Manager
from xenia.manager.pinning import Pin
from xenia.model.agent import AgentInfo
from xenia.model.domain import ALIVE, EndAction, State
from xenia.model.dump import After, DumpRequest
from xenia.model.errors import XeniaError
from xenia.model.host_run import HostRow, RowState
from xenia.model.job import Job, JobState
from xenia.model.network import NetworkState
from xenia.model.pci import devices_of
from xenia.model.save import Afterwards, RestoreRequest, SaveRequest
from xenia.model.scope import Scope
from xenia.model.signal import Trigger
from xenia.model.vif import Way
from xenia.network.simulated import SimulatedNetworkHost
from xenia.store.networks import etag_of

pytestmark = pytest.mark.crash

Scenario = Callable[[World, Manager, "Promises"], Awaitable[None]]


ENDED = (RowState.STOPPED, RowState.SUSPENDED, RowState.DESTROYED)

LIKE_XEN = False


@pytest.fixture(params=["like QEMU", "like Xen"], autouse=True)
def host_kind(request: pytest.FixtureRequest) -> None:
    """Everything is tried on an engine that is given ids and starts guests over in place, and on one that does not."""
    global LIKE_XEN
    LIKE_XEN = request.param == "like Xen"


FOLDER = Path("/nonexistent")
LINKED = {"scenario_one_starts_with_the_host": "a", "scenario_two_start_with_the_host": "ab"}
"""The guests that start with the host, in the scenarios that are about them."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of guest files for each of these scenarios."""
    global FOLDER
    FOLDER = tmp_path_factory.mktemp("folders")
    for scenario, names in LINKED.items():
        (FOLDER / scenario / "auto").mkdir(parents=True)
        for name in names:
            (FOLDER / scenario / f"{name}.cfg").write_text(f"name={name} disk=/{name}")
            (FOLDER / scenario / "auto" / name).symlink_to(f"../{name}.cfg")


def new_world(scenario: Scenario | None = None, **options: int) -> World:
    world = World(**options)
    if scenario is not None and scenario.__name__ in LINKED:
        world.folder = FOLDER / scenario.__name__
    world.host.like_xen = LIKE_XEN
    world.brake = Brake(limit=4)
    return world


@pytest.fixture(autouse=True)
def quiet() -> object:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class ScenarioOver(Exception):
    """A failure that was injected earlier has taken away what the scenario goes on with."""


class Promises:
    """What callers were told: `must_run` were promised and not asked to end since; `must_not_run` have ended."""

    def __init__(self) -> None:
        self.must_run: set[str] = set()
        self.must_not_run: set[str] = set()
        self.paused: dict[str, bool] = {}
        self.disks: dict[str, set[str]] = {}
        """The targets that it surely has."""
        self.sizes: dict[str, tuple[int, int]] = {}
        """Its memory and its virtual CPUs, also when a policy has started it anew."""
        self.in_one_place: dict[str, Path] = {}
        """A domain that was being saved to a file to end then: it runs or is in there, never both and never neither."""
        self.networks: dict[str, str | None] = {}
        """The definitions that surely hold; None for one that was removed."""
        self.incarnation: dict[str, int | None] = {}
        """The id of a domain that was to be destroyed: it may still be there, but never come back under another."""

    def asked(self, name: str) -> None:
        """From here on either outcome is right, until somebody is told."""
        self.must_run.discard(name)
        self.must_not_run.discard(name)
        self.paused.pop(name, None)
        self.disks.pop(name, None)
        self.sizes.pop(name, None)
        self.incarnation.pop(name, None)


async def finish(world: World, manager: Manager, job: Job) -> Job:
    """The job's end, or Killed when xend died first."""
    await settle(world, until=lambda: manager.job(job.id).state is not JobState.RUNNING)
    job = manager.job(job.id)
    assert job.state in (JobState.DONE, JobState.FAILED), job
    assert job.error is None or job.error["kind"] != "internal", job.error
    return job


async def create(world: World, manager: Manager, told: Promises, name: str, **words: str) -> Job:
    if name not in told.must_run:
        told.asked(name)
    paused = words.pop("paused", "") == "yes"
    job = await finish(world, manager, manager.create(request(name, paused=paused, **words), ROOT))
    if job.state is JobState.DONE:
        told.must_run.add(name)
        told.paused[name] = paused
    elif name not in told.must_run and job.error is not None and job.error["kind"] != "conflict":
        told.must_not_run.add(name)
    return job


async def operate(world: World, manager: Manager, told: Promises, verb: str, name: str) -> Job | None:
    was = told.must_run & {name}
    told.asked(name) if verb in ("destroy", "shutdown") else told.paused.pop(name, None)
    if verb == "destroy":
        told.incarnation[name] = domid_of(manager, name)
    try:
        job = await finish(world, manager, manager.operate(verb, name, ROOT, until_gone=verb in ("shutdown", "reboot")))
    except XeniaError:
        told.must_run |= was
        return None
    if job.state is JobState.DONE:
        if verb in ("destroy", "shutdown"):
            told.must_not_run.add(name)
        elif verb in ("pause", "unpause"):
            told.paused[name] = verb == "pause"
    return job


async def change_disk(world: World, manager: Manager, told: Promises, name: str, target: str, verb: str) -> None:
    before = told.disks.pop(name, set())
    try:
        if verb == "attach":
            job = manager.disks.attach(name, f"file:/{name}-{target},{target},w", "/", Scope.LIVE, ROOT)
        else:
            job = manager.disks.detach(name, target, Scope.LIVE, ROOT, force=False)
    except XeniaError:
        return
    if (await finish(world, manager, job)).state is JobState.DONE:
        told.disks[name] = before | {target} if verb == "attach" else before - {target}


async def settle(world: World, until: Callable[[], bool] = lambda: False) -> None:
    """Let what is under way go on: until it is so, or a hundred turns of the loop pass without a step."""
    quiet_turns, steps = 0, world.steps
    while quiet_turns < 100 and not until():
        await asyncio.sleep(0)
        quiet_turns, steps = (quiet_turns + 1, steps) if world.steps == steps else (0, world.steps)
        if world.dead:
            raise Killed


async def scenario_create(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")


async def scenario_create_paused(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", paused="yes")


async def scenario_create_a_taken_name(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    second = await create(world, manager, told, "a", disk="/b")
    if world.fail_at is None:
        assert second.error is not None
        assert second.error["kind"] == "conflict"


async def scenario_create_on_a_busy_disk(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    second = await create(world, manager, told, "b", disk="/a")
    if world.fail_at is None:
        assert second.error is not None
        assert second.error["complaints"][0]["key"] == "disk[0]"


async def scenario_destroy(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    world.now += 100
    await operate(world, manager, told, "destroy", "a")


async def scenario_shutdown(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    await operate(world, manager, told, "shutdown", "a")


async def scenario_reboot(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    await operate(world, manager, told, "reboot", "a")


async def scenario_reset(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    await operate(world, manager, told, "reset", "a")


async def scenario_signals(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    uuid_of(world, "a")
    await finish(world, manager, manager.debugging.sysrq("a", "h", ROOT))
    await finish(world, manager, manager.debugging.trigger("a", Trigger.NMI, None, ROOT))


async def scenario_pause_and_unpause(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    await operate(world, manager, told, "pause", "a")
    await operate(world, manager, told, "unpause", "a")


async def scenario_rename(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    was = told.must_run & {"a"}
    told.asked("a")
    uuid_of(world, "a")
    job = await finish(world, manager, manager.renaming.rename("a", "b", ROOT))
    if job.state is JobState.DONE:
        told.must_run.add("b")
        told.must_not_run.add("a")
    else:
        told.must_run |= was


async def scenario_memory(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    for verb, size in (("mem-set", 64), ("mem-max", 512)):
        uuid_of(world, "a")
        if verb == "mem-set" or LIKE_XEN:
            job = await finish(world, manager, manager.memory.resize(verb, "a", size, Scope.BOTH, ROOT))
            if verb == "mem-set" and job.state is JobState.DONE:
                told.sizes["a"] = (size, 1)
    world.now += 100
    world.host.crash(uuid_of(world, "a"))
    await settle(world)


async def scenario_vcpus(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", vcpus="4", on_crash="restart")
    for count in (2, 3):
        uuid_of(world, "a")
        told.sizes.pop("a", None)
        if (await finish(world, manager, manager.vcpus.set("a", count, Scope.BOTH, ROOT))).state is JobState.DONE:
            told.sizes["a"] = (128, count)
    world.now += 100
    world.host.crash(uuid_of(world, "a"))
    await settle(world)


async def scenario_share(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", on_crash="restart")
    uuid_of(world, "a")
    job = manager.scheduling.set(f"sched-{'credit2' if LIKE_XEN else 'credit'}", "a", 512, 50, Scope.BOTH, ROOT)
    if (await finish(world, manager, job)).state is JobState.DONE:
        world.now += 100
        world.host.crash(uuid_of(world, "a"))
        await settle(world)
        assert world.host.guests[uuid_of(world, "a")].share.weight == 512


async def scenario_pin(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", on_crash="restart")
    uuid_of(world, "a")
    await finish(world, manager, manager.pinning.pin("a", Pin(None, "1"), Scope.BOTH, ROOT))


async def scenario_pool(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", on_crash="restart")
    uuid_of(world, "a")
    if LIKE_XEN:
        with suppress(XeniaError):
            await manager.pools.create("fast", "credit", "3", ROOT)
            await finish(world, manager, manager.pools.migrate("a", "fast", Scope.BOTH, ROOT))


async def scenario_crash_with_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    world.now += 100
    world.host.crash(uuid_of(world, "a"))
    await settle(world)


async def scenario_process_killed_with_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    world.now += 100
    world.host.kill(uuid_of(world, "a"))
    await settle(world)


async def scenario_crash_preserved_then_destroyed(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="preserve")
    world.host.crash(uuid_of(world, "a"))
    await settle(world)
    assert manager.inventory.find("a").state is State.CRASHED or world.fail_at is not None
    await operate(world, manager, told, "destroy", "a")


async def scenario_crash_with_a_core_and_a_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="coredump-restart")
    world.now += 100
    world.host.crash(uuid_of(world, "a"))
    await settle(world)
    assert world.cores or world.fail_at is not None


async def scenario_crash_with_a_core_and_an_end(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="coredump-destroy")
    uuid = uuid_of(world, "a")
    told.asked("a")
    world.host.crash(uuid)
    await settle(world)
    told.must_not_run.add("a")


async def scenario_crash_again_and_again(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    for _ in range(3):
        world.host.crash(uuid_of(world, "a"))
        await settle(world)


async def scenario_destroyed_while_it_waits_for_a_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    for world.time_stands in (False, True):
        world.host.crash(uuid_of(world, "a"))
        await settle(world)
    try:
        await operate(world, manager, told, "destroy", "a")
    finally:
        told.incarnation.pop("a", None)  # where xend dies in it, the restart goes on


async def scenario_reboots_until_it_is_given_up(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    told.asked("a")
    for _ in range(6):
        if started_of(world, "a") is not None:
            world.host.reboot(uuid_of(world, "a"))
            await settle(world)


async def scenario_crash_with_a_rename_and_a_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="rename-restart")
    for _ in range(2):
        world.now += 100
        world.host.crash(uuid_of(world, "a"))
        await settle(world)
    assert len(world.host.guests) == 2 or world.fail_at is not None


async def scenario_poweroff_with_a_rename_and_a_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_poweroff="rename-restart")
    world.host.power_off(uuid_of(world, "a"))
    await settle(world)
    kept = next((guest.name for guest in world.host.guests.values() if guest.name != "a"), None)
    if kept is not None:
        await operate(world, manager, told, "destroy", kept)


async def scenario_dump_core(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    for then in After:
        if then is After.DESTROY:
            told.asked("a")
        try:
            job = await finish(world, manager, manager.dump_core("a", DumpRequest(f"/{then}", then=then), ROOT))
        except XeniaError:
            continue
        if job.state is JobState.DONE:
            assert Path(f"/{then}") in world.cores
        if then is After.DESTROY:
            await create(world, manager, told, "a", disk="/a")


async def scenario_save_and_restore(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    uuid_of(world, "a")
    await finish(world, manager, manager.saving.save("a", SaveRequest("/checkpoint", Afterwards.RUN), ROOT))
    uuid_of(world, "a")
    told.asked("a")
    told.in_one_place["a"] = Path("/end")
    job = await finish(world, manager, manager.saving.save("a", SaveRequest("/end"), ROOT))
    if job.state is not JobState.DONE:
        return
    told.in_one_place.clear()
    told.must_not_run.add("a")
    for _ in range(2):
        told.asked("a")
        if (await finish(world, manager, manager.saving.restore(RestoreRequest("/end"), ROOT))).state is JobState.DONE:
            told.must_run.add("a")
            await operate(world, manager, told, "destroy", "a")
    assert Path("/end") in world.saves


async def suspend(world: World, manager: Manager, told: Promises) -> bool:
    """Put a domain `a` away; whether it is."""
    await create(world, manager, told, "a", disk="/a")
    uuid = uuid_of(world, "a")
    told.asked("a")
    told.in_one_place["a"] = Path(f"/var/lib/xenia/saves/{uuid}.save")
    return (await finish(world, manager, manager.suspending.suspend("a", ROOT))).state is JobState.DONE


async def scenario_suspend_and_resume(world: World, manager: Manager, told: Promises) -> None:
    if await suspend(world, manager, told):
        job = await finish(world, manager, manager.suspending.resume("a", ROOT))
        if job.state is JobState.DONE:
            told.must_run.add("a")


async def scenario_suspend_and_discard(world: World, manager: Manager, told: Promises) -> None:
    if await suspend(world, manager, told):
        told.in_one_place.clear()
        told.must_not_run.add("a")
        await finish(world, manager, manager.suspending.discard("a", ROOT))


async def scenario_a_disk_comes_and_goes(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    told.disks["a"] = {"xvda"}
    await change_disk(world, manager, told, "a", "xvdb", "attach")
    await change_disk(world, manager, told, "a", "xvdc", "attach")
    await change_disk(world, manager, told, "a", "xvdb", "detach")


async def scenario_a_disk_stays_over_a_restart(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_crash="restart")
    await change_disk(world, manager, told, "a", "xvdb", "attach")
    world.now += 100
    world.host.crash(uuid_of(world, "a"))
    await settle(world)


async def scenario_a_disk_is_let_go_of_late(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    await change_disk(world, manager, told, "a", "xvdb", "attach")
    world.host.clinging.add("a")
    await change_disk(world, manager, told, "a", "xvdb", "detach")
    told.disks.pop("a", None)
    world.host.clinging.remove("a")
    if "xvdb" in world.host.guests[uuid_of(world, "a")].disks:
        world.host.let_go(uuid_of(world, "a"), "xvdb")
    await settle(world)


async def scenario_media_come_and_go(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", cd="/one.iso")
    for target, path in (("hdc", "/two.iso"), ("hdc", ""), ("hdc", "/one.iso")):
        try:
            job = (
                manager.disks.insert("a", target, path, "/", Scope.LIVE, ROOT, force=False)
                if path
                else manager.disks.eject("a", target, Scope.LIVE, ROOT, force=False)
            )
        except XeniaError:
            continue
        await finish(world, manager, job)


async def scenario_freeze_and_thaw(world: World, manager: Manager, told: Promises) -> None:
    world.host.agents["a"] = AgentInfo("simulated")
    await create(world, manager, told, "a", disk="/a")
    for verb in ("agent-freeze", "agent-thaw", "agent-freeze"):
        with suppress(XeniaError):
            await finish(world, manager, manager.freezing.start(verb, "a", ROOT))


async def scenario_a_frozen_guest_is_rebooted_and_shut_down_by_its_agent(
    world: World, manager: Manager, told: Promises
) -> None:
    world.host.agents["a"] = AgentInfo("simulated")
    world.host.deaf.add("a")
    await create(world, manager, told, "a", disk="/a")
    for verb in ("reboot", "shutdown"):
        with suppress(XeniaError):
            await finish(world, manager, manager.freezing.start("agent-freeze", "a", ROOT))
        await operate(world, manager, told, verb, "a")


async def scenario_a_card_comes_and_goes(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    uuid_of(world, "a")
    for change in (
        lambda: manager.vifs.attach("a", "", Scope.LIVE, ROOT),
        lambda: manager.vifs.attach("a", "", Scope.LIVE, ROOT),
        lambda: manager.vifs.attach("a", "link=down", Scope.LIVE, ROOT),
        lambda: manager.vifs.configure("a", "1", Scope.LIVE, ROOT, linked=False),
        lambda: manager.vifs.configure("a", "2", Scope.LIVE, ROOT, linked=True),
        lambda: manager.vifs.detach("a", "0", Scope.LIVE, ROOT),
    ):
        await finish(world, manager, change())


async def scenario_a_usb_device_comes_and_goes(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    uuid_of(world, "a")
    await finish(world, manager, manager.usb.attach("a", "tablet", ROOT))
    await finish(world, manager, manager.usb.attach("a", "host:1.3", ROOT))
    await finish(world, manager, manager.usb.detach("a", "tablet", ROOT))


async def scenario_a_pci_device_comes_and_goes(world: World, manager: Manager, told: Promises) -> None:
    world.host.assignable.update(("0000:01:00.0", "0000:02:00.0"))
    await create(world, manager, told, "a", disk="/a")
    uuid_of(world, "a")
    await finish(world, manager, manager.pci.attach("a", "01:00.0", "", ROOT))
    await finish(world, manager, manager.pci.attach("a", "02:00.0,permissive=1", "", ROOT))
    await finish(world, manager, manager.pci.detach("a", "01:00.0", ROOT))


async def scenario_poweroff_from_inside(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    told.asked("a")
    world.host.power_off(uuid_of(world, "a"))
    await settle(world)
    told.must_not_run.add("a")


async def scenario_reboot_from_inside(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a")
    world.host.reboot(uuid_of(world, "a"))
    await settle(world)


async def scenario_one_starts_with_the_host(world: World, manager: Manager, told: Promises) -> None:
    await settle(world)
    told.must_run |= {row.domain for row in last_rows(manager) if row.state is RowState.STARTED}


async def scenario_two_start_with_the_host(world: World, manager: Manager, told: Promises) -> None:
    await settle(world)
    told.must_run |= {row.domain for row in last_rows(manager) if row.state is RowState.STARTED}


async def scenario_end_with_the_host(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", disk="/a", on_poweroff="restart")
    told.asked("a")
    job = await finish(world, manager, manager.host_power.stop(None, ROOT))
    if job.state is JobState.DONE:
        told.must_not_run |= {row.domain for row in last_rows(manager) if row.state in ENDED}


async def scenario_end_with_the_host_and_go_on_with_it(world: World, manager: Manager, told: Promises) -> None:
    manager.host_power.host_stop.settings = StopSettings(methods=("save", "shutdown"))
    await create(world, manager, told, "a", disk="/a")
    uuid = uuid_of(world, "a")
    told.asked("a")
    await finish(world, manager, manager.host_power.stop(None, ROOT))
    if f"/var/lib/xenia/saves/{uuid}.save" in map(str, world.saves):  # else it was shut down
        told.in_one_place["a"] = Path(f"/var/lib/xenia/saves/{uuid}.save")
        await finish(world, manager, manager.host_power.start(ROOT))


def last_rows(manager: Manager) -> tuple[HostRow, ...]:
    run = manager.host_power.runs.last
    return run.rows if run is not None else ()


async def put_network(world: World, manager: Manager, told: Promises, name: str, text: str) -> None:
    """Define a network, or define it anew."""
    told.networks.pop(name, None)
    old = world.files.get(f"etc/xen/networks/{name}.toml")
    etag = etag_of(old.decode()) if old is not None else None
    job = await finish(world, manager, manager.networks.put(name, text, etag, ROOT))
    if job.state is JobState.DONE:
        told.networks[name] = text


async def delete_network(world: World, manager: Manager, told: Promises, name: str) -> None:
    told.networks.pop(name, None)
    job = await finish(world, manager, manager.networks.delete(name, ROOT))
    if job.state is JobState.DONE:
        told.networks[name] = None


async def scenario_a_bridge_comes_and_goes(world: World, manager: Manager, told: Promises) -> None:
    if LIKE_XEN:
        return  # which engine it is makes no difference to networks
    await put_network(world, manager, told, "dmz", 'mode = "bridge"')
    await delete_network(world, manager, told, "dmz")


async def scenario_networks_come_and_change_and_go(world: World, manager: Manager, told: Promises) -> None:
    if LIKE_XEN:
        return
    nat = 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00:20::/64"'
    await put_network(world, manager, told, "lan", nat)
    await put_network(world, manager, told, "dmz", 'mode = "bridge"\ninterface = "eth0"\nvlan = 12')
    await put_network(world, manager, told, "lan", nat.replace("10.20", "10.30"))
    await delete_network(world, manager, told, "lan")


async def scenario_a_card_is_routed(world: World, manager: Manager, told: Promises) -> None:
    if LIKE_XEN:
        return
    await create(world, manager, told, "a", route="192.0.2.77")
    await operate(world, manager, told, "destroy", "a")
    tell_of_interfaces(world)
    await settle(world)


async def scenario_a_script_connects_a_card(world: World, manager: Manager, told: Promises) -> None:
    await create(world, manager, told, "a", script="own")
    await operate(world, manager, told, "reboot", "a")
    await operate(world, manager, told, "destroy", "a")


def tell_of_interfaces(world: World) -> None:
    """As the kernel does when some have gone with their guests."""
    if world.network.news is not None:
        world.network.news.set()


SCENARIOS: list[Scenario] = [value for name, value in sorted(globals().items()) if name.startswith("scenario_")]


_LONG_ONES = (
    scenario_two_start_with_the_host,
    scenario_networks_come_and_change_and_go,
    scenario_end_with_the_host_and_go_on_with_it,
)
SHORT_ONES = [scenario for scenario in SCENARIOS if scenario not in _LONG_ONES]
"""For what takes a time that grows with the square of the steps."""


def uuid_of(world: World, name: str) -> str:
    started = started_of(world, name)
    if started is None:
        raise ScenarioOver(f"{name} does not run")
    return started.uuid


def run(world: World, scenario: Scenario, told: Promises) -> None:
    """One life of xend: from its start to the end of the scenario, or to its death."""

    async def life() -> None:
        manager = world.boot()
        try:
            await manager.start()
            await scenario(world, manager, told)
            await settle(world)
            assert (
                {entry.uuid for entry in await manager.inventory.list() if entry.domid}
                == world.runs()
                == set(world.host.guests)
            )
        except Killed:
            pass
        with suppress(Killed):
            await manager.close()

    asyncio.run(life())
    assert not world.host.violations


def check(world: World, told: Promises) -> None:
    """A new xend comes up undisturbed; what it knows, what runs and what callers were told agree."""
    world.die_at = world.fail_at = None
    world.time_stands = False
    world.host.tell = None

    async def life() -> None:
        manager = world.boot()
        await manager.start()
        await settle(world)
        known = {domain.name: domain for domain in await manager.inventory.list() if domain.domid}
        guests = {guest.name: guest for guest in world.host.guests.values()}
        assert known.keys() == guests.keys(), "what xend knows is what runs"
        assert world.runs() == {guest.started.uuid for guest in guests.values()}, "nothing is left over"
        assert told.must_run <= guests.keys(), f"lost: {told.must_run - guests.keys()}"
        assert not told.must_not_run & guests.keys(), f"came back: {told.must_not_run & guests.keys()}"
        for name, file in told.in_one_place.items():
            assert (name in guests) != (file in world.saves), f"{name} is in both places, or in none"
        for name, domid in told.incarnation.items():
            assert name not in known or known[name].domid == domid, f"{name} was destroyed and came back"
        for name, paused in told.paused.items():
            if name in known and known[name].state in ALIVE:
                assert (known[name].state is State.PAUSED) == paused, name
        assert not [name for name, guest in guests.items() if guest.frozen], "nothing stays frozen"
        for name, guest in guests.items():
            entry = manager.inventory.started(name)
            assert entry is not None
            assert {disk.target for disk in entry.config.disks} == guest.disks.keys(), f"{name} has other disks"
            assert {vif.item for vif in entry.config.vifs} == guest.cards, f"{name} has other cards"
            assert {vif.item for vif in entry.config.vifs if not vif.linked} == guest.unlinked, f"{name}: other links"
            assert set(entry.config.platform.usb_devices) == guest.usb, f"{name} has other USB devices"
            passed = {device.address for device in devices_of(entry.config.other.get("pci", ()))}
            assert passed == guest.pci, f"{name} has other PCI devices"
            loaded = {disk.target: bool(disk.path) for disk in entry.config.disks if disk.cdrom}
            assert loaded == guest.media, f"{name} has other media"
            assert told.disks.get(name, set()) <= guest.disks.keys(), f"{name} has lost a disk"
            assert told.sizes.get(name, (guest.memory, len(guest.pins))) == (guest.memory, len(guest.pins)), name
        assert world.rules.keys() == world.interfaces(), "all cards are guarded, and no others"
        routed = {route.interface for route in world.network.routes if route.interface != "eth0"}
        assert routed == set(world.routed_ends()), "the host routes to the cards that are to be routed, and no others"
        assert scripted(world) == {end for end, action in world.connected.items() if action == "online"}
        assert not [domain for domain in known.values() if domain.state in (State.STARTING, State.DYING)]
        for name in known:
            job = manager.operate("destroy", name, ROOT)
            assert (await manager.wait(job.id, 60)).state is JobState.DONE
        assert not world.host.guests
        assert not world.runs()
        assert "online" not in world.connected.values(), "the end of each card was told to its script"
        tell_of_interfaces(world)
        await settle(world)
        await check_networks(world, manager, told)
        await manager.close()

    asyncio.run(life())
    assert not world.host.violations


async def check_networks(world: World, manager: Manager, told: Promises) -> None:
    """What is defined is there and nothing else; when all is removed the host is as it was."""
    rows, _ = await manager.networks.all()
    for name, text in told.networks.items():
        defined = world.files.get(f"etc/xen/networks/{name}.toml")
        assert defined == (text.encode() if text is not None else None), f"{name} is defined otherwise"
    assert [row.state.value for row in rows if row.state is not NetworkState.UP] == []
    assert not (await manager.networks.plan("", None, ROOT)).steps, "all is as defined"
    for row in rows:
        job = manager.networks.delete(row.name, ROOT)
        assert (await manager.wait(job.id, 60)).state is JobState.DONE
    clean = SimulatedNetworkHost()
    for part in ("interfaces", "sysctls", "rules", "services", "names", "routes", "proxied"):
        assert getattr(world.network, part) == getattr(clean, part), f"{part} are not as before"


def scripted(world: World) -> set[str]:
    """The host's ends of cards that a script is to have connected."""
    return {
        f"vif{guest.domid}.{vif.item}"
        for guest in world.host.guests.values()
        for vif in guest.started.config.vifs
        if vif.way is Way.SCRIPT
    }


def steps_of(scenario: Scenario) -> int:
    world, told = new_world(scenario), Promises()
    run(world, scenario, told)
    steps = world.steps
    check(world, told)
    return steps


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_place_to_die(scenario: Scenario) -> None:
    for step in range(1, steps_of(scenario) + 1):
        world, told = new_world(scenario, die_at=step), Promises()
        run(world, scenario, told)
        assert world.dead
        check(world, told)


@pytest.mark.parametrize("scenario", SHORT_ONES, ids=lambda scenario: scenario.__name__)
def test_every_place_to_die_again_while_coming_up(scenario: Scenario) -> None:
    """`XENIA_CRASH_EVERY` sets how far apart the first deaths are: a new xend does much the same after the next one."""
    apart = int(os.environ.get("XENIA_CRASH_EVERY", "5"))

    async def nothing(world: World, manager: Manager, told: Promises) -> None:
        await settle(world)

    for first in range(1, steps_of(scenario) + 1, apart):
        second = 0
        while True:
            second += 1
            world, told = new_world(scenario, die_at=first), Promises()
            run(world, scenario, told)
            world.die_at = world.steps + second
            run(world, nothing, told)
            died = world.dead
            check(world, told)
            if not died:
                break


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_place_to_fail(scenario: Scenario) -> None:
    """A full disk or an engine that refuses, at every step: an error, and nothing half done."""
    for step in range(1, steps_of(scenario) + 1):
        world, told = new_world(scenario, fail_at=step), Promises()
        with suppress(ScenarioOver):
            run(world, scenario, told)
        gone = (event for event in world.published if event.detail.startswith("cannot "))
        told.must_run -= {event.domain for event in gone}
        check(world, told)


VERBS = ("create", "create", "pause", "unpause", "reboot", "shutdown", "destroy", "guest")


def guest_acts(world: World, name: str, dice: random.Random) -> bool:
    """A guest that runs does something by itself; False when there is none."""
    started = started_of(world, name)
    if started is None or world.host.guests[started.uuid].state is not State.RUNNING:
        return False
    world.now += dice.choice([1, 100])
    dice.choice([world.host.power_off, world.host.crash, world.host.reboot, world.host.kill])(started.uuid)
    return True


async def careful_users(world: World, manager: Manager, told: Promises, dice: random.Random) -> None:
    """Three users at once, each with one domain, who remember what they were told."""

    async def user(name: str) -> None:
        for _ in range(dice.randint(2, 6)):
            verb = dice.choice(VERBS)
            if verb == "create":
                crash = dice.choice(list(EndAction)).value
                await create(world, manager, told, name, disk=f"/{name}", on_crash=crash)
            elif verb != "guest":
                await operate(world, manager, told, verb, name)
            elif guest_acts(world, name, dice):
                told.asked(name)
                await settle(world)

    await together(world, [user(name) for name in ("a", "b", "c")])


async def crowd(world: World, manager: Manager, told: Promises, dice: random.Random) -> None:
    """Six users at once who all reach for the same two domains and one disk."""

    async def user() -> None:
        for _ in range(dice.randint(2, 6)):
            name, verb = dice.choice("ab"), dice.choice(VERBS)
            if verb == "create":
                words = {"disk": "/shared", "on_crash": dice.choice(["restart", "preserve", "rename-restart"])}
                await finish(world, manager, manager.create(request(name, **words), ROOT))
            elif verb == "guest":
                guest_acts(world, name, dice)
            else:
                with suppress(XeniaError):
                    job = manager.operate(verb, name, ROOT)
                    await finish(world, manager, job)

    await together(world, [user() for _ in range(6)])


async def together(world: World, users: list[Coroutine[None, None, None]]) -> None:
    tasks = Tasks()
    results = await asyncio.gather(*(tasks.start(user, name="user") for user in users), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    if world.dead:
        raise Killed


def domid_of(manager: Manager, name: str) -> int | None:
    try:
        return manager.inventory.find(name).domid
    except XeniaError:
        return None


@pytest.mark.parametrize("day", [careful_users, crowd], ids=lambda day: day.__name__)
def test_random_days(day: Callable[..., Awaitable[None]]) -> None:
    """Seeded; a failing day's seed is noted on its error. `XENIA_CRASH_STEPS` sets how many steps to take."""
    wanted, taken, seed = int(os.environ.get("XENIA_CRASH_STEPS", "100000")), 0, 0
    while taken < wanted:
        seed += 1
        dice = random.Random(seed)  # noqa: S311  # the same days every time
        world, told = new_world(), Promises()
        try:
            for _ in range(dice.randint(1, 4)):
                world.die_at = world.steps + dice.randint(1, 250)
                run(world, partial(day, dice=dice), told)
            check(world, told)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        taken += world.steps
    print(f"{taken} steps in {seed} days")
