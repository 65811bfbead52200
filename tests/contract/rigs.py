"""What the contract suite needs of an engine beside the engine: guests that can be made to do things."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from tests.support.speaker import Speaker
from tests.support.world import SimulatedPreparer, World

from xenia.engines.base import ConsoleKind, Engine, EngineEvent, Resources
from xenia.engines.kernel import prepare_boot as prepare_boot_for
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.kernel import prepare_boot
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.engines.xen.engine import XenEngine
from xenia.engines.xen.kernel import judge_of
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xl import Xl
from xenia.guestfile.read import read
from xenia.images import demo
from xenia.manager.prepare import HostPreparer
from xenia.manager.table import Table
from xenia.model.boot import Boot
from xenia.model.disk import Disk
from xenia.model.domain import UNNUMBERED, Definition, DomainConfig, EndAction, Kind, Policy, Started
from xenia.model.vif import Vif, VifType
from xenia.network.attach import AttachedVif, BackendNetwork, TapNetwork
from xenia.storage.inspect import INSPECTIONS
from xenia.storage.kernel import PreparedBoot
from xenia.storage.open import OpenedDisk, Storage
from xenia.storage.paths import Roots


class Rig(Protocol):
    """One host with one engine at a time; what runs on it outlives the engine object."""

    engine: Engine
    lets_go_of_cpus: bool
    """Whether CPUs of guests can be taken away while they run."""
    dumps_cores: bool
    """Whether it does in a minute."""

    def started(self, name: str, **policy: EndAction) -> Started: ...

    def new_uuid(self) -> str:
        """That of a domain which is ended with the rig."""

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]: ...

    def open_disk(self, started: Started, disk: Disk) -> AbstractAsyncContextManager[OpenedDisk]: ...

    def attach_vif(self, started: Started, vif: Vif, mac: str) -> AbstractAsyncContextManager[AttachedVif]: ...

    def with_drive(self, started: Started, drive: Disk) -> Started:
        """With a CD-ROM drive: as another kind of guest, where only that has one."""

    async def sees_disks(self, started: Started, number: int) -> None:
        """Until the guest, which is up, has so many disks."""

    async def sees_cards(self, started: Started, number: int) -> None:
        """Until it has so many cards."""

    async def takes_cpus(self, started: Started, count: int) -> None:
        """From now on the guest, which is up, switches on the CPUs that it gets, up to so many."""

    async def booted(self, started: Started) -> None:
        """Until the guest, which runs, is up."""

    async def goes_on(self, started: Started) -> None:
        """Until the guest, which was up when it was saved, listens."""

    async def heard_sysrq(self, started: Started) -> None:
        """Until the guest, which is up, has acted on the key h of Magic SysRq."""

    async def power_off(self, started: Started) -> None:
        """Make the guest power itself off."""

    async def reboot(self, started: Started) -> None: ...

    async def crash(self, started: Started) -> None: ...

    async def kill(self, started: Started) -> None:
        """End the guest's process from outside."""

    def has_core(self, started: Started, core: int) -> None:
        """The open file is the whole memory of the guest."""

    async def close(self) -> None: ...

    async def new_engine(self) -> None:
        """xend ends without a word, and another comes up."""


async def next_end(rig: Rig, *, seconds: float = 60) -> EngineEvent:
    """The next event that is about the end of a guest; that one was paused or ran on may be told as well."""
    async with asyncio.timeout(seconds):
        async for event in rig.engine.events():
            if event.end is not None:
                return event
    raise AssertionError("events end only with the engine")


class SimulatedRig:
    lets_go_of_cpus = True
    dumps_cores = True

    def __init__(self) -> None:
        self._world = World()
        self._preparer = SimulatedPreparer(self._world, Table())
        self._number = 0
        self.engine: Engine = SimulatedEngine(self._world.host)

    def started(self, name: str, **policy: EndAction) -> Started:
        self._number += 1
        config = DomainConfig(name, policy=Policy(**policy))
        return Started(self._world.new_uuid(), self._number, config, Definition(), (), self.engine.name, 1.0)

    def new_uuid(self) -> str:
        return self._world.new_uuid()

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        return self._preparer.prepare(started)

    def open_disk(self, started: Started, disk: Disk) -> AbstractAsyncContextManager[OpenedDisk]:
        return self._preparer.open_disk(started, disk)

    def attach_vif(self, started: Started, vif: Vif, mac: str) -> AbstractAsyncContextManager[AttachedVif]:
        return self._preparer.attach_vif(started, vif, mac)

    def with_drive(self, started: Started, drive: Disk) -> Started:
        return replace(started, config=replace(started.config, disks=(drive,)))

    async def sees_cards(self, started: Started, number: int) -> None:
        assert len(self._world.host.guests[started.uuid].cards) == number

    async def sees_disks(self, started: Started, number: int) -> None:
        assert len(self._world.host.guests[started.uuid].disks) == number

    async def takes_cpus(self, started: Started, count: int) -> None:
        """It always does."""

    async def booted(self, started: Started) -> None:
        assert started.uuid in self._world.host.guests

    async def goes_on(self, started: Started) -> None:
        pass

    async def heard_sysrq(self, started: Started) -> None:
        assert self._world.host.guests[started.uuid].signals == ["sysrq h"]

    async def power_off(self, started: Started) -> None:
        self._world.host.power_off(started.uuid)

    async def reboot(self, started: Started) -> None:
        self._world.host.reboot(started.uuid)

    async def crash(self, started: Started) -> None:
        self._world.host.crash(started.uuid)

    async def kill(self, started: Started) -> None:
        self._world.host.kill(started.uuid)

    def has_core(self, started: Started, core: int) -> None:
        assert os.pread(core, 100, 0) == f"simulated guest {started.config.name}\n".encode()

    async def new_engine(self) -> None:
        self.engine = SimulatedEngine(self._world.host)

    async def close(self) -> None:
        await self.engine.close()


class QemuRig:
    """Real QEMU guests under emulation: the small Linux guest, spoken to over its serial console."""

    lets_go_of_cpus = False
    dumps_cores = True

    def __init__(self, folder: Path, guest: demo.DemoGuest) -> None:
        self._guest = guest
        self._number = 0
        self._speakers: dict[str, Speaker] = {}
        self._settings = QemuSettings(folder / "run", folder / "log", folder / "probe.json", accelerator="tcg")
        self._preparer = HostPreparer(
            Storage(inspect_here),
            TapNetwork(),
            lambda config, roots, disks: prepare_boot(config, roots, disks, inspect_here),
            Table(),
            (),
            privileged=False,
        )
        self.engine: Engine = QemuEngine(self._settings)

    def started(self, name: str, **policy: EndAction) -> Started:
        self._number += 1
        reading = read(self._guest.file.read_text(), file=str(self._guest.file))
        assert reading.config is not None, reading.complaints
        config = replace(reading.config, name=name, disks=(), policy=Policy(**policy))
        uuid = str(uuid4())  # another rig on this machine may run guests as well
        mac = f"00:16:3e:00:00:{self._number:02x}"
        abi = self.engine.abi_of(config)
        return Started(uuid, self._number, config, Definition(), (mac,), "qemu", 1.0, trusted=True, abi=abi)

    def new_uuid(self) -> str:
        return str(uuid4())

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        (self._settings.run_dir / started.uuid).mkdir(mode=0o711, exist_ok=True)
        return self._preparer.prepare(started)

    def open_disk(self, started: Started, disk: Disk) -> AbstractAsyncContextManager[OpenedDisk]:
        return self._preparer.open_disk(started, disk)

    def attach_vif(self, started: Started, vif: Vif, mac: str) -> AbstractAsyncContextManager[AttachedVif]:
        return self._preparer.attach_vif(started, vif, mac)

    def with_drive(self, started: Started, drive: Disk) -> Started:
        return replace(started, config=replace(started.config, disks=(drive,)))

    async def sees_disks(self, started: Started, number: int) -> None:
        await see(await self._speaker(started), "ls /sys/block | grep -c '^x*vd'", number)

    async def sees_cards(self, started: Started, number: int) -> None:
        await see(await self._speaker(started), "ls /sys/class/net | grep -c '^eth'", number)

    async def takes_cpus(self, started: Started, count: int) -> None:
        await take_cpus(await self._speaker(started), count)

    async def booted(self, started: Started) -> None:
        await (await self._speaker(started)).until(self._guest.marker)

    async def _speaker(self, started: Started) -> Speaker:
        speaker = self._speakers.get(started.uuid)
        if speaker is None:
            observed = self.engine.observe(started.uuid)
            assert observed is not None
            kind = ConsoleKind.SERIAL
            speaker = Speaker(observed.consoles[kind], self.engine.console_log(started.uuid, kind))
            self._speakers[started.uuid] = await speaker.__aenter__()
        return speaker

    async def goes_on(self, started: Started) -> None:
        await self._speakers.pop(started.uuid).__aexit__()
        await see(await self._speaker(started), "echo 1", 1)

    async def heard_sysrq(self, started: Started) -> None:
        await (await self._speaker(started)).until("sysrq: HELP")

    async def power_off(self, started: Started) -> None:
        await (await self._speaker(started)).say("poweroff -f")

    async def reboot(self, started: Started) -> None:
        await (await self._speaker(started)).say("reboot -f")

    async def crash(self, started: Started) -> None:
        await (await self._speaker(started)).say("echo c > /proc/sysrq-trigger")

    async def kill(self, started: Started) -> None:
        os.kill(pid_of(started.uuid), signal.SIGKILL)

    def has_core(self, started: Started, core: int) -> None:
        is_core(started, core)

    async def new_engine(self) -> None:
        """The old one is let go of as the kernel would: its connections end."""
        await self.engine.close()
        self.engine = QemuEngine(self._settings)
        await self.engine.probe()

    async def close(self) -> None:
        for speaker in self._speakers.values():
            await speaker.__aexit__()
        for folder in self._settings.run_dir.iterdir():
            await self.engine.destroy(folder.name)
        await self.engine.close()


class XenRig:
    """Real guests of the Xen below this very host, which is a lab's dom0: the small Linux guest, as `kind`."""

    lets_go_of_cpus = True
    GUESTS = Path("/var/lib/xen/lab")

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._kind = kind
        self.dumps_cores = kind is Kind.PV  # xl maps page by page what is not PV: more than 400 s under emulation
        self._number = 0
        self._speakers: dict[str, Speaker] = {}
        self._settings = XenSettings(folder / "run")
        self.engine = self._engine()
        self._uuids: list[str] = []
        self._preparer = HostPreparer(
            Storage(inspect_here), BackendNetwork(), self._prepare_boot, Table(), (), privileged=True
        )

    def _engine(self) -> XenEngine:
        return XenEngine(self._settings)

    async def _prepare_boot(
        self, config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk]
    ) -> PreparedBoot | None:
        return await prepare_boot_for(config, roots, disks, inspect_here, judge_of(self.engine.facts))

    def started(self, name: str, **policy: EndAction) -> Started:
        self._number += 1
        boot = Boot(
            kernel=str(self.GUESTS / "vmlinux"),
            ramdisk=str(self.GUESTS / "ramdisk"),
            extra=f"console=hvc0 quiet xenia.guest={name}",
        )
        vifs = (Vif(VifType.PARAVIRTUAL),)
        config = DomainConfig(name, self._kind, memory=112, boot=boot, vifs=vifs, policy=Policy(**policy))
        uuid, mac = str(uuid4()), f"00:16:3e:00:00:{self._number:02x}"
        self._uuids.append(uuid)
        abi = self.engine.abi_of(config)
        return Started(uuid, UNNUMBERED, config, Definition(), (mac,), "xen", 1.0, trusted=True, abi=abi)

    def new_uuid(self) -> str:
        self._uuids.append(str(uuid4()))
        return self._uuids[-1]

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        return self._preparer.prepare(started)

    def open_disk(self, started: Started, disk: Disk) -> AbstractAsyncContextManager[OpenedDisk]:
        return self._preparer.open_disk(started, disk)

    def attach_vif(self, started: Started, vif: Vif, mac: str) -> AbstractAsyncContextManager[AttachedVif]:
        return self._preparer.attach_vif(started, vif, mac)

    def with_drive(self, started: Started, drive: Disk) -> Started:
        return replace(started, config=replace(started.config, kind=Kind.HVM, boot=Boot(), disks=(drive,)))

    async def sees_disks(self, started: Started, number: int) -> None:
        await see(await self._speaker(started), "ls /sys/block | grep -c '^x*vd'", number)

    async def sees_cards(self, started: Started, number: int) -> None:
        await see(await self._speaker(started), "ls /sys/class/net | grep -c '^eth'", number)

    async def takes_cpus(self, started: Started, count: int) -> None:
        await take_cpus(await self._speaker(started), count)

    async def booted(self, started: Started) -> None:
        await (await self._speaker(started)).until(f"xenia: guest {started.config.name} is up")

    async def _speaker(self, started: Started) -> Speaker:
        speaker = self._speakers.get(started.uuid)
        if speaker is None:
            observed = self.engine.observe(started.uuid)
            assert observed is not None
            speaker = Speaker(observed.consoles[ConsoleKind.PARAVIRTUAL])
            self._speakers[started.uuid] = await speaker.__aenter__()
        return speaker

    async def goes_on(self, started: Started) -> None:
        await self._speakers.pop(started.uuid).__aexit__()
        await see(await self._speaker(started), "echo 1", 1)

    async def heard_sysrq(self, started: Started) -> None:
        await (await self._speaker(started)).until("sysrq: HELP")

    async def power_off(self, started: Started) -> None:
        await (await self._speaker(started)).say("poweroff -f")

    async def reboot(self, started: Started) -> None:
        await (await self._speaker(started)).say("reboot -f")

    async def crash(self, started: Started) -> None:
        await (await self._speaker(started)).say("echo c > /proc/sysrq-trigger")

    async def kill(self, started: Started) -> None:
        """What is nearest to the death of a process: somebody destroys the domain with xl."""
        observed = self.engine.observe(started.uuid)
        assert observed is not None
        await Xl().run("destroy", str(observed.domid))

    def has_core(self, started: Started, core: int) -> None:
        is_core(started, core)

    async def new_engine(self) -> None:
        await self.engine.close()
        self.engine = self._engine()
        await self.engine.probe()

    async def close(self) -> None:
        for speaker in self._speakers.values():
            await speaker.__aexit__()
        for uuid in self._uuids:
            await self.engine.destroy(uuid)
        await self.engine.close()


async def see(speaker: Speaker, count: str, number: int) -> None:
    """What is typed is echoed: the word that is waited for is not in it as it is said."""
    await speaker.say(f'until [ "$({count})" = {number} ]; do sleep 0.1; done; echo "it has "{number}')
    await speaker.until(f"it has {number}")


async def take_cpus(speaker: Speaker, count: int) -> None:
    """What udev does elsewhere."""
    numbers = " ".join(map(str, range(1, count)))
    one = "until echo 1 > /sys/devices/system/cpu/cpu$n/online; do sleep 0.2; done"
    await speaker.say(f"(for n in {numbers}; do {one}; done) 2>&- &")


def is_core(started: Started, core: int) -> None:
    """ELF, not much smaller than the memory of the guest, and with words in it that its console has shown."""
    content = os.pread(core, os.fstat(core).st_size, 0)
    assert content.startswith(b"\x7fELF")
    assert len(content) > (started.config.memory - 16) << 20
    assert b"xenia: guest" in content


def pid_of(uuid: str) -> int:
    """The QEMU that runs the domain `uuid`."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-uuid" in words and uuid.encode() in words:
            return int(process.name)
    raise LookupError(f"no process runs {uuid}")


async def inspect_here(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
    """What xend has the worker do, without one."""
    module, function = INSPECTIONS[name].split(":")
    result: dict[str, Any] = getattr(importlib.import_module(module), function)(arguments, list(descriptors))
    return result
