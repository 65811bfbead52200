"""Saving and restoring through an xl that is a shell script; what goes wrong on either side of the pipe."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xenia.engines.xen import save as saving
from xenia.engines.xen.carried import Carried, carried_traits, read_carried, say_again
from xenia.engines.xen.devices import Device
from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.hypervisor import DomainInfo
from xenia.engines.xen.restore import go_on_from, refuse_elsewhere, traits_of
from xenia.engines.xen.save import end_saves, refuse, save, write_out
from xenia.engines.xen.suspended import run_on
from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl
from xenia.model.disk import Disk
from xenia.model.domain import Definition, DomainConfig, Kind, Platform, Started, State
from xenia.model.errors import ErrorKind, XeniaError, invalid
from xenia.model.vif import Vif

Program = Callable[[str], Xl]
FACTS = XenFacts("4.17.5")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    def make(script: str) -> Xl:
        path = tmp_path / "xl"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return Xl(str(path))

    return make


class Sink:
    """Takes what comes, or nothing."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.content = b""

    async def state(self, source: int, *, memory: int, expected: int = 0) -> None:
        assert (memory, expected) == (0, 1 << 20)
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        while piece := await asyncio.to_thread(os.read, source, 1 << 16):
            self.content += piece

    async def memory(self, source: int) -> None:
        raise AssertionError("Xen's stream has the memory in it")


class Source:
    """Says so much, and perhaps that the rest is damaged."""

    def __init__(self, content: bytes = b"", *, damaged: bool = False, trusted: bool = True, **traits: str) -> None:
        self.content = content
        self.damaged = damaged
        self.trusted = trusted
        self.memory = 0
        self.info: Any = SimpleNamespace(traits=traits)

    async def fill(self, memory: int) -> None:
        raise AssertionError(f"there is none for {memory}")

    async def feed(self, state: int) -> None:
        os.write(state, self.content)
        if self.damaged:
            raise invalid("it is damaged")


def guest(kind: Kind = Kind.PV) -> Guest:
    return Guest("uuid", 5, "web", kind, State.RUNNING)


def started(**members: Any) -> Started:
    return Started("uuid", 5, DomainConfig("web", Kind.PV, **members), Definition(), (), "xen", 1.0)


def info(*, paused: int = 0, suspended: bool = False, mem_kb: int = 0) -> DomainInfo:
    shutdown = (1, 2) if suspended else (0, 255)
    return DomainInfo(5, (0,) * 16, 0, 0, *shutdown, paused, 0, 0, mem_kb, 0, 0, 1)


async def test_what_xl_writes_is_what_is_saved(program: Program) -> None:
    sink, xl = Sink(), program('[ "$1 $2 $3" = "save -p 5" ] && head -c 3000000 /dev/zero > "$4"')
    await save(guest(), sink, xl, size=1 << 20, paused=False)
    assert sink.content == bytes(3000000)


async def test_a_guest_that_was_paused_is_not_paused_once_more(program: Program) -> None:
    await save(guest(), Sink(), program('[ "$2" = -c ]'), size=1 << 20, paused=True)


async def test_an_xl_that_fails_says_why(program: Program) -> None:
    said = (
        "Saving to /proc/1/fd/3 new xl format (info 0x3/0x0/1435)\\n"
        "xc: info: Saving domain 5, type x86 PV\\n"
        "libxl: error: libxl_dom_suspend.c:237:x: Domain 5:guest didn't acknowledge suspend, cancelling request\\n"
        "Failed to save domain, resuming domain\\n"
    )
    with pytest.raises(XeniaError) as raised:
        await save(guest(), Sink(), program(f'printf "{said}" >&2; exit 1'), size=1 << 20, paused=False)
    assert raised.value.message == (
        "xl save failed: guest didn't acknowledge suspend, cancelling request; Failed to save domain, resuming domain"
    )


async def test_a_guest_without_a_kernel_yet_is_said_to_be_one(program: Program) -> None:
    xl = program("echo 'xc: error: Bad mfn 0 for p2m frame list list: Internal error' >&2; exit 1")
    with pytest.raises(XeniaError, match="its kernel has not told Xen where its memory is") as raised:
        await save(guest(), Sink(), xl, size=1 << 20, paused=False)
    assert raised.value.kind is ErrorKind.CONFLICT


async def test_where_the_disk_is_full_xl_is_ended(program: Program, tmp_path: Path) -> None:
    ended = tmp_path / "pid"
    with pytest.raises(OSError, match="full"):
        await save(guest(), Sink(full=True), program(f"echo $$ > {ended}; exec sleep 600"), size=1 << 20, paused=False)
    assert not ended.exists() or not Path(f"/proc/{ended.read_text().strip()}").exists()


async def test_what_qemu_has_left_of_its_state_is_removed(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "_STATES", tmp_path)
    (tmp_path / "qemu-save.5").write_bytes(b"state")
    await save(guest(Kind.HVM), Sink(), program("true"), size=1 << 20, paused=False)
    assert not (tmp_path / "qemu-save.5").exists()


def test_saves_of_a_dead_xend_are_ended_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "xl").symlink_to("/bin/sh")
    words = [str(tmp_path / "xl"), "save"]
    # What is run is a shell that waits: its words are those of xl.
    (tmp_path / "save").write_text("read line\n")
    begun = [
        subprocess.Popen([*words, *more], cwd=tmp_path, stdin=subprocess.PIPE, start_new_session=True)
        for more in (["-p", "5", "/proc/1/fd/3"], ["web", "/root/web"])
    ]
    try:
        deadline = time.monotonic() + 10
        while end_saves() != {5} and time.monotonic() < deadline:
            continue  # the fork has not become the program yet
        assert begun[0].wait(10) == -9
        assert begun[1].poll() is None
    finally:
        for each in begun:
            each.kill()
            each.communicate()


class Xen:
    """A hypervisor with one domain."""

    def __init__(self, info: DomainInfo, callback: int = 0) -> None:
        self.info = info
        self.callback = callback
        self.resumed: list[int] = []

    async def domains(self) -> list[DomainInfo]:
        return [self.info]

    async def resume(self, domid: int) -> None:
        self.resumed.append(domid)

    async def hvm_param(self, domid: int, number: int) -> int:
        assert (domid, number) == (5, 0)
        return self.callback


async def test_a_paused_guest_is_refused_where_its_drivers_take_part() -> None:
    xen: Any = Xen(info(paused=1))
    await refuse(guest(Kind.HVM), started(), xen.info, xen)
    for kind, callback in ((Kind.PV, 0), (Kind.PVH, 0), (Kind.HVM, 1)):
        xen = Xen(info(paused=1), callback)
        with pytest.raises(XeniaError, match="is paused") as raised:
            await refuse(guest(kind), started(), xen.info, xen)
        assert (raised.value.kind, raised.value.hint) == (ErrorKind.CONFLICT, "let it run first: xm unpause web")


async def test_a_guest_with_a_device_of_the_host_is_refused() -> None:
    xen: Any = Xen(info())
    for members in ({"other": {"pci": ["01:00.0"]}}, {"platform": Platform(usb_devices=("host:1.2",))}):
        with pytest.raises(XeniaError, match="a device of the host"):
            await refuse(guest(), started(**members), xen.info, xen)


async def test_a_guest_whose_save_was_cut_off_goes_on(store: Xenstore, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    async def resume(domid: int) -> None:
        told.append(domid)

    monkeypatch.setattr(store, "resume", resume)
    shutdown = "/local/domain/5/control/shutdown"
    for suspended, asked, left in ((False, "suspend", ""), (True, "", ""), (False, "poweroff", "poweroff")):
        await store.write(shutdown, asked)
        xen: Any = Xen(info(suspended=suspended))
        web = guest()
        await run_on(web, xen, store)
        assert (xen.resumed, told) == (([5], [5]) if suspended else ([], []))
        assert await store.read(shutdown) == left
        assert web.runs_on, "if it suspends itself a moment later"
        told.clear()


async def test_what_the_guest_has_written_is_written_out(store: Xenstore, disk: str, tmp_path: Path) -> None:
    image = tmp_path / "image.qcow2"
    image.write_bytes(b"image")
    for number, backend, params in ((51712, "vbd", disk), (51728, "qdisk", f"qcow2:{image}"), (51744, "qdisk", "")):
        device = Device(5, "vbd", backend, number)
        await store.write(f"{device.books}/backend", device.back)
        await store.write(f"{device.back}/params", params)
    await write_out(5, store)
    image.unlink()
    with pytest.raises(OSError, match="No such file"):
        await write_out(5, store)


async def test_what_a_save_carries(store: Xenstore) -> None:
    for number, target, vdev in ((51712, "", "xvda"), (51728, "vda", "xvdb")):
        device = Device(5, "vbd", "vbd", number)
        await store.write(f"{device.books}/backend", device.back)
        await store.write(f"{device.back}/dev", vdev)
        if target:
            await store.write(f"{device.back}/xenia-target", target)
    for number, kind in ((0, "vif_ioemu"), (2, "vif")):
        device = Device(5, "vif", "vif", number)
        await store.write(f"{device.books}/backend", device.back)
        await store.write(f"{device.back}/type", kind)
    for name, value in (("feature-poweroff", "1"), ("feature-s3", "0"), ("shutdown", "")):
        await store.write(f"/local/domain/5/control/{name}", value)
    config = DomainConfig(
        "web", Kind.HVM, memory=64, disks=(Disk("xvda", "/a"), Disk("vda", "/b")), vifs=(Vif(item=0), Vif(item=2))
    )
    traits = await carried_traits(store, guest(Kind.HVM), config, 70 << 10)
    carried = read_carried(traits | traits_of(FACTS))
    assert carried == Carried({"vda": "xvdb"}, {2: 2}, frozenset({2}), frozenset({"poweroff"}), 70)
    assert carried.grown(started(memory=64)).config.memory == 70
    await store.write("/local/domain/5/control/feature-poweroff", "")
    await say_again(store, guest(), carried.features)
    assert await store.read("/local/domain/5/control/feature-poweroff") == "1"
    config = DomainConfig("web", Kind.PV, memory=64, disks=(Disk("vda", "/b"),), vifs=(Vif(item=0), Vif(item=2)))
    traits = await carried_traits(store, guest(), config, (64 << 10) + 900)
    assert traits == {"disk.vda": "xvdb", "card.2": "2", "feature-poweroff": "1"}


async def test_xl_reads_what_was_saved(program: Program, tmp_path: Path) -> None:
    xl = program(f'[ "$1 $2 $3" = "restore -e -p" ] && cat "$4" "$5" > {tmp_path}/read')
    (tmp_path / "domain.cfg").write_text("config ")
    await go_on_from(Source(b"state"), tmp_path / "domain.cfg", xl)
    assert (tmp_path / "read").read_text() == "config state"


async def test_a_damaged_save_ends_its_xl(program: Program, tmp_path: Path) -> None:
    with pytest.raises(XeniaError) as raised:
        await go_on_from(Source(b"state", damaged=True), tmp_path, program('cat "$5" > /dev/null; exec sleep 600'))
    assert raised.value.kind is ErrorKind.INVALID


async def test_an_xl_that_cannot_read_it_says_why(program: Program, tmp_path: Path) -> None:
    said = "Loading new save file /proc/1/fd/3 (new xl fmt info 0x3/0x0/1)\\n Savefile contains xl domain config\\n"
    xl = program(f'printf "{said}xc: error: Wrong page type\\n" >&2; exit 3')
    with pytest.raises(XeniaError) as raised:
        await go_on_from(Source(bytes(1000)), tmp_path, xl)
    assert raised.value.message == "xl restore failed: Wrong page type"


def test_a_save_has_to_be_roots_own_and_to_fit() -> None:
    traits = traits_of(FACTS)
    refuse_elsewhere(Source(**traits), FACTS)
    refuse_elsewhere(Source(**traits), XenFacts("4.20.1"))
    for source, kind, words in (
        (Source(trusted=False, **traits), ErrorKind.DENIED, "does not belong to root alone"),
        (Source(**traits | {"version": "4.18.0"}), ErrorKind.CONFLICT, "this Xen 4.17.5 is older"),
        (Source(**traits | {"cpu": "another"}), ErrorKind.CONFLICT, "saved on the CPU another"),
    ):
        with pytest.raises(XeniaError, match=words) as raised:
            refuse_elsewhere(source, FACTS)
        assert raised.value.kind is kind
