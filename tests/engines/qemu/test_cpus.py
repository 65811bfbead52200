"""Virtual CPUs that come and go, on a QEMU that is made up and on real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host

from xenia.engines.qemu import cpus
from xenia.engines.qemu.cpus import Cpus
from xenia.engines.qemu.explain import explain
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.monitor import SECONDS
from xenia.model.complaint import Severity
from xenia.model.domain import Platform
from xenia.model.errors import ErrorKind, XeniaError, engine_failed


class FakeQemu:
    """A QEMU with four places for CPUs. `answers` is what the guest says when it is to let go of one: None nothing."""

    def __init__(self, there: int, *, kvm: bool = True, answers: int | None = 0) -> None:
        self.there = set(range(there))
        self.kvm = kvm
        self.answers = answers
        self.asked: list[str] = []
        self.cpus = Cpus(self, there)

    async def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, *, seconds: float = SECONDS
    ) -> Any:
        match command:
            case "query-kvm":
                return {"enabled": self.kvm, "present": True}
            case "query-hotpluggable-cpus":
                return [self._slot(number) for number in reversed(range(4))]
            case "device_add":
                assert arguments is not None
                assert arguments["id"] == f"cpu-{arguments['core-id']}"
                self.there.add(int(str(arguments["core-id"])))
            case "device_del":
                assert arguments is not None
                self._asked_for(str(arguments["id"]))
        return {}

    def _slot(self, number: int) -> dict[str, Any]:
        path = {"qom-path": f"/cpu/{number}"} if number in self.there else {}
        return {"type": "x", "props": {"core-id": number, "socket-id": 0, "thread-id": 0}, **path}

    def _asked_for(self, path: str) -> None:
        if path in self.asked:
            raise engine_failed("QEMU refused device_del: Device x is already in the process of unplug")
        self.asked.append(path)
        if self.answers is not None:
            asyncio.get_running_loop().call_soon(self.answer, path, self.answers)

    def answer(self, path: str, status: int) -> None:
        self.says(status, source=3, slot_type="DIMM")
        self.says(0x84)
        if status == 0:
            self.there.discard(int(path.removeprefix("/cpu/")))
        self.says(status)

    def says(self, status: int, *, source: int = 3, slot_type: str = "CPU") -> None:
        info = {"source": source, "status": status, "slot": "1", "slot-type": slot_type}
        self.cpus.on_event("ACPI_DEVICE_OST", {"info": info})

    def send(self, descriptor: int) -> None:
        raise AssertionError("no CPU needs a descriptor")


async def test_the_last_are_let_go_of_first_and_come_back() -> None:
    qemu = FakeQemu(4)
    assert await qemu.cpus.set(2) == 2
    assert qemu.asked == ["/cpu/3", "/cpu/2"]
    assert await qemu.cpus.set(3) == 3
    assert qemu.there == {0, 1, 2}


async def test_a_guest_that_says_no_is_not_waited_for() -> None:
    qemu = FakeQemu(2, answers=0x81)
    assert await qemu.cpus.set(1) == 2


async def test_a_guest_that_says_nothing_is_given_up_on_and_may_let_go_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpus, "UNPLUG_SECONDS", 0.01)
    qemu = FakeQemu(2, answers=None)
    assert await qemu.cpus.set(1) == 2
    assert await qemu.cpus.set(1) == 2, "it may be asked again"
    qemu.answer("/cpu/1", 0)
    await qemu.cpus.keep_up()
    assert qemu.cpus.count == 1


async def test_nothing_is_unplugged_without_kvm_nor_plugged_beyond_the_machine() -> None:
    qemu = FakeQemu(2, kvm=False)
    with pytest.raises(XeniaError, match="takes KVM") as raised:
        await qemu.cpus.set(1)
    assert (raised.value.kind, qemu.asked) == (ErrorKind.INVALID, [])
    with pytest.raises(XeniaError, match="room for 4"):
        await qemu.cpus.set(5)
    qemu.cpus.on_event("ACPI_DEVICE_OST", {})
    qemu.cpus.on_event("DEVICE_DELETED", {"path": "/machine/peripheral/x"})


def test_more_cpus_than_a_machine_can_have_are_refused_before_a_start(host: Host) -> None:
    complaints = explain(host.config(max_vcpus=256), host.settings, Facts()).complaints
    assert [each.message for each in complaints if each.severity is Severity.ERROR] == [
        "256 virtual CPUs are more than the 255 of a guest on QEMU"
    ]


@pytest.mark.qemu
async def test_a_guest_without_acpi_says_so_and_what_to_do(host: Host) -> None:
    started = await host.start(host.config(sectors.obedient(), max_vcpus=2, platform=Platform(acpi=False)))
    with pytest.raises(XeniaError, match="it has no ACPI") as raised:
        await host.engine.set_vcpus(started, 2)
    assert "--config" in (raised.value.hint or "")


@pytest.mark.qemu
async def test_a_new_cpu_runs_on_the_hosts_cpus_that_the_file_names(host: Host) -> None:
    started = await host.start(host.config(sectors.obedient(), max_vcpus=2))
    pinned = replace(started, config=replace(started.config, cpus="0"))
    assert await host.engine.set_vcpus(pinned, 2) == 2
    (_, new) = (await host.engine.vcpus())[started.uuid]
    assert new.cpus in ((0,), None), "None where the host has only one"
