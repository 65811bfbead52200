"""Looking into a guest and the hypervisor, and poking them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, request, started_of
from tests.support.xend import Xend, running_xend

from xenia.engines.simulated.host import SimulatedHost
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.job import Job, JobState
from xenia.model.signal import Trigger, sysrq_key

OPERATOR = Caller(1000, "o", Role.OPERATOR)


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def run(manager: Manager) -> None:
    assert (await ended(manager, manager.create(request("a"), ROOT))).state is JobState.DONE


def signals(world: World) -> list[str]:
    started = started_of(world, "a")
    assert started is not None
    return world.host.guests[started.uuid].signals


@pytest.fixture
async def on_xen() -> AsyncIterator[Manager]:
    made = World(host=SimulatedHost(like_xen=True)).boot()
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize(("word", "key"), [("h", "h"), ("B", "b"), ("9", "9")])
def test_a_key_of_sysrq_is_read(word: str, key: str) -> None:
    assert sysrq_key(word) == key


@pytest.mark.parametrize("word", ["", "hh", " ", "ä", "\n", "-", "²"])
def test_what_is_no_key_is_refused_with_some_that_are(word: str) -> None:
    with pytest.raises(XeniaError) as raised:
        sysrq_key(word)
    assert raised.value.kind is ErrorKind.INVALID
    assert "h has a Linux guest list them" in (raised.value.hint or "")


async def test_signals_reach_the_guest(world: World, manager: Manager) -> None:
    await run(manager)
    for job in (
        manager.debugging.sysrq("a", "S", ROOT),
        manager.debugging.trigger("a", Trigger.NMI, None, OPERATOR),
        manager.debugging.trigger("a", Trigger.POWER, None, ROOT),
    ):
        assert (await ended(manager, job)).state is JobState.DONE
    assert signals(world) == ["sysrq s", "nmi", "power"]


async def test_what_is_translated_is_said(manager: Manager) -> None:
    await run(manager)
    job = await ended(manager, manager.debugging.trigger("a", Trigger.NMI, 0, ROOT))
    assert job.result == {"domain": "a", "notes": ["a simulated guest has one NMI for all"]}


async def test_a_signal_that_there_is_not_is_the_jobs_error(world: World, manager: Manager) -> None:
    await run(manager)
    for trigger, vcpu, kind in ((Trigger.INIT, None, "invalid"), (Trigger.NMI, 7, "not_found")):
        job = await ended(manager, manager.debugging.trigger("a", trigger, vcpu, ROOT))
        assert job.error is not None
        assert job.error["kind"] == kind
    assert signals(world) == []


@pytest.mark.parametrize("by_trigger", [False, True])
async def test_a_reset_starts_the_guest_over_in_place(world: World, manager: Manager, by_trigger: bool) -> None:
    await run(manager)
    before = manager.inventory.find("a")
    job = (
        manager.debugging.trigger("a", Trigger.RESET, None, ROOT)
        if by_trigger
        else manager.operate("reset", "a", OPERATOR)
    )
    assert (await ended(manager, job)).state is JobState.DONE
    now = manager.inventory.find("a")
    assert (now.uuid, now.domid) == (before.uuid, before.domid)
    assert world.host.guests[now.uuid].boots == 2
    assert world.published[-1].kind is EventKind.REBOOTED


async def test_on_xen_a_reset_starts_the_guest_anew(on_xen: Manager) -> None:
    await run(on_xen)
    before = on_xen.inventory.find("a")
    assert (await ended(on_xen, on_xen.operate("reset", "a", ROOT))).state is JobState.DONE
    now = on_xen.inventory.find("a")
    assert now.uuid == before.uuid
    assert now.domid == 2


async def test_a_paused_guest_is_not_reset_and_the_way_out_is_said(manager: Manager) -> None:
    await run(manager)
    await ended(manager, manager.operate("pause", "a", ROOT))
    for start in (
        lambda: manager.operate("reset", "a", ROOT),
        lambda: manager.debugging.sysrq("a", "h", ROOT),
        lambda: manager.debugging.trigger("a", Trigger.NMI, None, ROOT),
    ):
        with pytest.raises(XeniaError) as raised:
            start()
        assert (raised.value.kind, raised.value.hint) == (ErrorKind.CONFLICT, "let it run on first: xm unpause a")


async def test_the_monitor_is_for_administrators_and_for_one_line(manager: Manager) -> None:
    await run(manager)
    assert await manager.debugging.monitor_command("a", "info status", ROOT) == "a: info status\n"
    with pytest.raises(XeniaError) as raised:
        await manager.debugging.monitor_command("a", "info status", OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED
    for command in ("", "  ", "a\nb", "a\0", "x" * 5000):
        with pytest.raises(XeniaError, match="one line") as raised:
            await manager.debugging.monitor_command("a", command, ROOT)
        assert raised.value.kind is ErrorKind.INVALID
    with pytest.raises(XeniaError, match="Domain-0"):
        await manager.debugging.monitor_command("0", "info status", ROOT)
    with pytest.raises(XeniaError, match="no domain"):
        await manager.debugging.monitor_command("nix", "info status", ROOT)


async def test_the_hypervisors_messages_are_shown_and_emptied(on_xen: Manager) -> None:
    await on_xen.debugging.debug_keys("hq", ROOT)
    for clear, told in ((False, "key hq\n"), (True, "key hq\n"), (False, "")):
        assert await on_xen.debugging.hypervisor_log(ROOT, clear=clear) == told
    for keys in ("", "é", "\n", "h" * 33):
        with pytest.raises(XeniaError, match="debug keys are") as raised:
            await on_xen.debugging.debug_keys(keys, ROOT)
        assert raised.value.kind is ErrorKind.INVALID
    with pytest.raises(XeniaError, match="role administrator"):
        await on_xen.debugging.hypervisor_log(OPERATOR, clear=False)


async def test_without_a_hypervisor_its_messages_are_refused_with_what_there_is(manager: Manager) -> None:
    with pytest.raises(XeniaError, match="dmesg is not possible: the engine simulated") as raised:
        await manager.debugging.hypervisor_log(ROOT, clear=False)
    assert raised.value.kind is ErrorKind.INVALID
    assert "xm log" in (raised.value.hint or "")
    with pytest.raises(XeniaError) as raised:
        await manager.debugging.debug_keys("h", ROOT)
    assert "xm sysrq" in (raised.value.hint or "")


async def test_over_the_api(tmp_path: Path) -> None:
    async with running_xend(tmp_path, World(host=SimulatedHost(like_xen=True))) as xend:
        await xend.create("a")
        await signals_over_the_api(xend)
        await refusals_over_the_api(xend)


async def signals_over_the_api(xend: Xend) -> None:
    assert (await xend.post("/domains/a/sysrq", {"key": "h"}, wait=10)).status_code == 200
    answer = await xend.post("/domains/a/trigger", {"trigger": "nmi", "vcpu": 0}, wait=10)
    assert answer.json()["job"]["result"]["notes"]
    assert signals(xend.world) == ["sysrq h", "nmi"]
    assert (await xend.post("/domains/a/reset", wait=10)).status_code == 200
    answer = await xend.post("/domains/a/qemu-monitor-command", {"command": "info"})
    assert answer.json() == {"text": "a: info\n"}
    assert (await xend.post("/host/debug-keys", {"keys": "q"})).status_code == 200
    assert (await xend.post("/host/dmesg", clear="true")).json() == {"text": "key q\n"}
    assert (await xend.post("/host/dmesg")).json() == {"text": ""}


async def refusals_over_the_api(xend: Xend) -> None:
    for path, body in (
        ("/domains/a/sysrq", {"key": "hh"}),
        ("/domains/a/sysrq", {}),
        ("/domains/a/trigger", {"trigger": "explode"}),
        ("/domains/a/trigger", {"trigger": "nmi", "vcpu": -1}),
        ("/domains/a/trigger", {"trigger": "init"}),
        ("/domains/a/reset", {"until_gone": True}),
        ("/domains/a/qemu-monitor-command", {"command": "a\nb"}),
        ("/domains/0/sysrq", {"key": "h"}),
        ("/host/debug-keys", {"keys": ""}),
    ):
        answer = await xend.post(path, body, wait=10)
        assert answer.status_code == 422, (path, body, answer.text)
        problem: dict[str, Any] = answer.json()
        assert problem["detail"], path
    assert (await xend.post("/domains/nix/trigger", {"trigger": "nmi"})).status_code == 404
