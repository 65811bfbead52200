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
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.kernel import prepare_boot
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.guestfile.read import read
from xenia.images import demo
from xenia.manager.prepare import HostPreparer
from xenia.manager.table import Table
from xenia.model.domain import Definition, DomainConfig, EndAction, Policy, Started
from xenia.network.attach import TapNetwork
from xenia.storage.inspect import INSPECTIONS
from xenia.storage.open import Storage


class Rig(Protocol):
    """One host with one engine at a time; what runs on it outlives the engine object."""

    engine: Engine

    def started(self, name: str, **policy: EndAction) -> Started: ...

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]: ...

    async def booted(self, started: Started) -> None:
        """Until the guest, which runs, is up."""

    async def power_off(self, started: Started) -> None:
        """Make the guest power itself off."""

    async def reboot(self, started: Started) -> None: ...

    async def crash(self, started: Started) -> None: ...

    async def kill(self, started: Started) -> None:
        """End the guest's process from outside."""

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
    def __init__(self) -> None:
        self._world = World()
        self._preparer = SimulatedPreparer(self._world, Table())
        self._number = 0
        self.engine: Engine = SimulatedEngine(self._world.host)

    def started(self, name: str, **policy: EndAction) -> Started:
        self._number += 1
        config = DomainConfig(name, policy=Policy(**policy))
        return Started(self._world.new_uuid(), self._number, config, Definition(), (), self.engine.name, 1.0)

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        return self._preparer.prepare(started)

    async def booted(self, started: Started) -> None:
        assert started.uuid in self._world.host.guests

    async def power_off(self, started: Started) -> None:
        self._world.host.power_off(started.uuid)

    async def reboot(self, started: Started) -> None:
        self._world.host.reboot(started.uuid)

    async def crash(self, started: Started) -> None:
        self._world.host.crash(started.uuid)

    async def kill(self, started: Started) -> None:
        self._world.host.kill(started.uuid)

    async def new_engine(self) -> None:
        self.engine = SimulatedEngine(self._world.host)

    async def close(self) -> None:
        await self.engine.close()


class QemuRig:
    """Real QEMU guests under emulation: the small Linux guest, spoken to over its serial console."""

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

    def resources(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        (self._settings.run_dir / started.uuid).mkdir(mode=0o711, exist_ok=True)
        return self._preparer.prepare(started)

    async def booted(self, started: Started) -> None:
        await (await self._speaker(started)).until(self._guest.marker)

    async def _speaker(self, started: Started) -> Speaker:
        speaker = self._speakers.get(started.uuid)
        if speaker is None:
            observed = self.engine.observe(started.uuid)
            assert observed is not None
            speaker = Speaker(observed.consoles[ConsoleKind.SERIAL])
            self._speakers[started.uuid] = await speaker.__aenter__()
        return speaker

    async def power_off(self, started: Started) -> None:
        await (await self._speaker(started)).say("poweroff -f")

    async def reboot(self, started: Started) -> None:
        await (await self._speaker(started)).say("reboot -f")

    async def crash(self, started: Started) -> None:
        await (await self._speaker(started)).say("echo c > /proc/sysrq-trigger")

    async def kill(self, started: Started) -> None:
        os.kill(pid_of(started.uuid), signal.SIGKILL)

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
