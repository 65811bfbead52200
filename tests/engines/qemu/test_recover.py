"""xend dies and comes up again; the guests run on and are found."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host, opened
from tests.support.waiting import until

from xenia.engines.base import Resources
from xenia.engines.qemu import lease, recover
from xenia.lib.only_one import is_taken
from xenia.model.display import Display, VgaModel
from xenia.model.domain import EndAction, EndReason, Policy, Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif
from xenia.network.attach import AttachedVif

pytestmark = pytest.mark.qemu


async def test_a_running_guest_is_found_and_obeys(host: Host) -> None:
    started = await host.run(sectors.obedient(), display=Display(vga=VgaModel.STANDARD, vnc=True))
    before = host.observed(started)
    asked = replace(before, disks=frozenset({"hda"}), media={}, cards=frozenset(), usb=frozenset(), pci=frozenset())
    assert await host.new_engine() == [asked], "QEMU is asked for the devices"
    assert host.observed(started).state is State.RUNNING
    await host.engine.pause(started.uuid)
    await host.engine.unpause(started.uuid)
    assert started.uuid in await host.engine.figures()


async def test_its_cards_are_found_too(host: Host) -> None:
    started = host.new(host.config(vifs=(Vif(), Vif(item=1))), ("00:16:3e:00:00:01", "00:16:3e:00:00:02"))
    vifs = [AttachedVif(vif, mac) for vif, mac in zip(started.config.vifs, started.macs, strict=True)]
    observed = await host.engine.start(started, Resources(vifs=vifs))
    assert observed.vifs == ("user", "user")
    assert (await host.new_engine())[0].vifs == ("user", "user")


async def test_a_paused_guest_is_found_paused(host: Host) -> None:
    await host.start(host.config())
    (observed,) = await host.new_engine()
    assert (observed.state, observed.end) == (State.PAUSED, None)


@pytest.mark.parametrize(
    ("word", "policy", "state", "end"),
    [
        ("p", EndAction.RESTART, State.SHUTDOWN, EndReason.POWEROFF),
        ("p", EndAction.DESTROY, State.SHUTDOWN, EndReason.POWEROFF),
        ("r", EndAction.DESTROY, State.SHUTDOWN, EndReason.REBOOT),
        ("r", EndAction.RESTART, State.RUNNING, None),
        ("c", EndAction.RESTART, State.CRASHED, EndReason.CRASH),
    ],
)
async def test_what_happened_while_no_xend_ran_is_known(
    host: Host, word: str, policy: EndAction, state: State, end: EndReason | None
) -> None:
    started = await host.start(host.config(sectors.obedient(), policy=Policy(on_reboot=policy)))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("ready\n")
        await host.engine.close()
        await console.type(word)
        if state is State.RUNNING:
            await console.until("ready\n")
        else:
            await _ended(host, started)
    (observed,) = await host.new_engine()
    assert (observed.state, observed.end) == (state, end)


async def test_a_power_off_after_a_reset_is_not_taken_for_an_old_one(host: Host) -> None:
    policy = Policy(on_reboot=EndAction.DESTROY)
    started = await host.start(host.config(sectors.obedient(), policy=policy))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("ready\n")
        await console.type("p")
        await host.event()
        await host.engine.reset(started.uuid)
        await console.until("ready\n")
        await console.type("r")
        await host.event()
    (observed,) = await host.new_engine()
    assert observed.end is EndReason.REBOOT


async def test_a_guest_that_died_meanwhile_is_not_found_and_leaves_nothing(host: Host) -> None:
    started, other = await host.start(host.config()), await host.start(host.config())
    pid = host.pid(started)
    await host.engine.close()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None)
    found = await host.new_engine()
    assert [observed.uuid for observed in found] == [other.uuid]
    assert not host.run_folder(started).exists()


async def test_a_guest_that_hangs_is_found_as_paused_and_can_be_destroyed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover, "GREETING_SECONDS", 0.2)
    started = await host.run(sectors.saying(""))
    os.kill(host.pid(started), signal.SIGSTOP)
    (observed,) = await host.new_engine()
    assert (observed.uuid, observed.state) == (started.uuid, State.PAUSED)
    with pytest.raises(XeniaError, match="does not answer") as failure:
        await host.engine.unpause(started.uuid)
    assert failure.value.kind is ErrorKind.ENGINE_FAILED
    assert "xm destroy" in (failure.value.hint or "")
    await host.engine.destroy(started.uuid)
    assert not host.run_folder(started).exists()


async def test_a_guest_that_hung_is_under_control_again_when_it_answers(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover, "GREETING_SECONDS", 0.2)
    started = await host.run(sectors.saying(""))
    pid = host.pid(started)
    os.kill(pid, signal.SIGSTOP)
    await host.new_engine()
    os.kill(pid, signal.SIGCONT)
    event = await host.event()
    assert (event.uuid, event.state) == (started.uuid, State.RUNNING)
    await host.engine.pause(started.uuid)


async def test_the_end_of_a_guest_that_was_found_again_is_told(host: Host) -> None:
    started = await host.run(sectors.saying(""))
    await host.new_engine()
    os.kill(host.pid(started), signal.SIGTERM)
    event = await host.event()
    assert (event.state, event.end) == (State.DYING, EndReason.CRASH)


async def test_many_are_found_at_once(host: Host) -> None:
    guests = [await host.start(host.config()) for _ in range(8)]
    found = await host.new_engine()
    assert {observed.uuid for observed in found} == {guest.uuid for guest in guests}


async def test_a_domain_never_runs_twice(host: Host) -> None:
    started = await host.start(host.config(sectors.saying("")))
    with opened(started.config) as disks, pytest.raises(XeniaError, match="runs already") as failure:
        await host.engine.start(started, Resources(disks))
    assert failure.value.kind is ErrorKind.CONFLICT
    assert host.observed(started).state is State.PAUSED
    assert (host.run_folder(started) / "monitor.sock").exists()


async def test_of_two_starts_at_once_one_is_refused(host: Host) -> None:
    started = host.new(host.config())
    results = await asyncio.gather(
        host.engine.start(started, Resources()), host.engine.start(started, Resources()), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Observed", "XeniaError"]
    await host.engine.unpause(started.uuid)


async def test_the_lease_is_held_as_long_as_qemu_lives(host: Host) -> None:
    started = await host.start(host.config())
    path = lease.lease_of(host.run_folder(started))
    assert is_taken(path)
    assert lease.holders({started.uuid: host.run_folder(started)}) == {started.uuid: host.pid(started)}
    await host.engine.close()
    assert is_taken(path)
    os.kill(host.pid(started), signal.SIGKILL)
    assert await host.new_engine() == []
    assert not is_taken(path)


async def _ended(host: Host, started: Started) -> None:
    """Until QEMU has stopped the CPUs of a guest, as its log has it."""
    log = host.settings.log_dir / f"qemu-{started.config.name}.log"
    await until(lambda: log.read_text().endswith(("(shutdown)\n", "(guest-panicked)\n")))
