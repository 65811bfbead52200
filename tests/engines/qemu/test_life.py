"""The life of real guests: started, run, paused, ended from inside and outside."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host, opened
from tests.support.speaker import Speaker
from tests.support.waiting import until

from xenia.engines.base import ConsoleKind, Resources
from xenia.lib.descriptors import descriptors_of
from xenia.model.domain import EndAction, EndReason, Policy, Started, State

pytestmark = pytest.mark.qemu


async def test_a_guest_starts_with_its_cpus_stopped(host: Host) -> None:
    started = await host.start(host.config(sectors.saying("hello")))
    assert host.observed(started).state is State.PAUSED
    log = host.engine.console_log(started.uuid, ConsoleKind.SERIAL)
    assert log is not None
    assert log.read_bytes() == b""


async def test_a_guest_speaks_on_its_console_once_it_runs(host: Host) -> None:
    started = await host.start(host.config(sectors.saying("hello from the sector\n")))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        assert host.observed(started).state is State.RUNNING
        await console.until("hello from the sector\n")


async def test_what_a_guest_says_is_logged_though_nobody_listens(host: Host) -> None:
    started = await host.run(sectors.obedient())
    log = host.engine.console_log(started.uuid, ConsoleKind.SERIAL)
    assert log is not None
    await until(lambda: b"ready" in log.read_bytes())
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_paused_guest_does_not_answer_and_goes_on_when_unpaused(
    host: Host, obedient: tuple[Started, Speaker]
) -> None:
    started, console = obedient
    await host.engine.pause(started.uuid)
    assert host.observed(started).state is State.PAUSED
    used = (await host.engine.figures())[started.uuid].cpu_time
    await console.type("x")
    await host.engine.unpause(started.uuid)
    await console.until("x")
    assert (await host.engine.figures())[started.uuid].cpu_time >= used


async def test_what_was_asked_for_is_no_event(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await host.engine.pause(started.uuid)
    await host.engine.unpause(started.uuid)
    await console.type("p")
    assert (await host.event()).state is State.SHUTDOWN


async def test_a_power_off_is_told_and_the_guest_kept(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await console.type("p")
    event = await host.event()
    assert (event.uuid, event.state, event.end) == (started.uuid, State.SHUTDOWN, EndReason.POWEROFF)
    assert host.observed(started).end is EndReason.POWEROFF
    assert host.pid(started)


async def test_a_guest_that_ended_runs_again_after_a_reset(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await console.type("p")
    await host.event()
    await host.engine.reset(started.uuid)
    observed = host.observed(started)
    assert (observed.state, observed.end) == (State.RUNNING, None)
    await console.until("ready\n")


async def test_a_running_guest_starts_over_after_a_reset(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await host.engine.reset(started.uuid)
    await console.until("ready\n")
    assert host.observed(started).state is State.RUNNING


async def test_a_reboot_from_inside_happens_in_place_and_is_told_once(
    host: Host, obedient: tuple[Started, Speaker]
) -> None:
    started, console = obedient
    await console.type("r")
    event = await host.event()
    assert (event.state, event.end) == (State.RUNNING, EndReason.REBOOT)
    await console.until("ready\n")  # behind the resets of the firmware
    assert host.observed(started).end is None
    await console.type("p")
    assert (await host.event()).end is EndReason.POWEROFF


async def test_a_reboot_ends_a_guest_whose_file_says_so(host: Host) -> None:
    policy = Policy(on_reboot=EndAction.DESTROY)
    started = await host.start(host.config(sectors.obedient(), policy=policy))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("ready\n")
        await console.type("r")
        event = await host.event()
    assert (event.state, event.end) == (State.SHUTDOWN, EndReason.REBOOT)


async def test_a_panic_is_told_and_the_guest_kept(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await console.type("c")
    event = await host.event()
    assert (event.state, event.end) == (State.CRASHED, EndReason.CRASH)
    assert host.observed(started).state is State.CRASHED


async def test_a_qemu_killed_from_outside_is_told_with_its_signal(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    os.kill(host.pid(started), signal.SIGKILL)
    event = await host.event()
    assert (event.uuid, event.state, event.end) == (started.uuid, State.DYING, EndReason.CRASH)
    assert "SIGKILL" in event.detail
    assert host.engine.observe(started.uuid) is None
    assert not host.run_folder(started).exists()


async def test_destroy_leaves_nothing_and_is_silent_about_what_is_not(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    beside = host.run_folder(started) / "started.json"
    beside.write_text("of the manager")
    await host.engine.destroy(started.uuid)
    assert [path.name for path in host.run_folder(started).iterdir()] == ["started.json"]
    assert host.engine.observe(started.uuid) is None
    await host.engine.destroy(started.uuid)
    with pytest.raises(AssertionError):
        host.pid(started)


async def test_a_guest_that_hangs_is_destroyed_all_the_same(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    os.kill(host.pid(started), signal.SIGSTOP)
    await host.engine.destroy(started.uuid)
    assert not host.run_folder(started).exists()


async def test_a_destroyed_guest_can_be_started_again_at_once(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    for _ in range(3):
        await host.engine.destroy(started.uuid)
        with opened(started.config) as disks:
            observed = await host.engine.start(started, Resources(disks))
        assert observed.state is State.PAUSED


async def test_the_power_button_is_pressed(host: Host, obedient: tuple[Started, Speaker]) -> None:
    started, console = obedient
    await host.engine.shutdown(started.uuid)
    await console.type("x")
    await console.until("x")  # this guest does not heed it


async def test_sockets_and_pipes_are_for_xend_alone(host: Host) -> None:
    started = await host.start(host.config())
    folder = host.run_folder(started)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"console-serial.in": 0o600, "lease": 0o600, "monitor.sock": 0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="users of their own for guests need root")
async def test_each_qemu_runs_as_a_user_of_its_own(host: Host) -> None:
    first, second = await host.start(host.config()), await host.start(host.config())
    uids = [Path(f"/proc/{host.pid(each)}").stat().st_uid for each in (first, second)]
    assert uids == [0x70000001, 0x70000002]
    status = Path(f"/proc/{host.pid(first)}/status").read_text()
    assert "Groups:\t \n" in status
    assert "Seccomp:\t2\n" in status


async def test_a_qemu_has_no_descriptor_of_another_guest(host: Host) -> None:
    configs = [host.config(sectors.saying("")) for _ in range(4)]
    guests = await asyncio.gather(*(host.start(config) for config in configs))
    for guest in guests:
        held = {Path(target) for _, target in descriptors_of(Path(f"/proc/{host.pid(guest)}"))}
        others = {Path(disk.path) for config in configs if config is not guest.config for disk in config.disks}
        leases = {host.run_folder(other) / "lease" for other in guests if other is not guest}
        assert not held & (others | leases)


async def test_twenty_guests_at_once(host: Host) -> None:
    guests = await asyncio.gather(*(host.run(sectors.saying("here")) for _ in range(20)))
    assert {host.observed(guest).state for guest in guests} == {State.RUNNING}
    assert len(await host.engine.figures()) == 20
    await asyncio.gather(*(host.engine.destroy(guest.uuid) for guest in guests))
    assert await host.engine.figures() == {}
    assert list(host.settings.run_dir.iterdir()) == []


async def test_closing_the_engine_leaves_the_guests_running(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    pid = host.pid(started)
    await host.engine.close()
    os.kill(pid, 0)
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(host.run_folder(started) / "monitor.sock"))
    await host.new_engine()
