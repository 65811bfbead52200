"""An engine on folders of its own, and guests of one boot sector."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.engines.qemu import sectors
from tests.support.speaker import Speaker

from xenia.engines.base import ConsoleKind, EngineEvent, Observed, Resources
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.settings import QemuSettings
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode
from xenia.model.domain import Definition, DomainConfig, Kind, Started
from xenia.storage.open import ImageLayer, OpenedDisk


class Host:
    """Folders, images and at most one engine object at a time; `close` ends every guest that it has started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = QemuSettings(folder / "run", folder / "log", folder / "cache" / "probe.json", accelerator="tcg")
        self.engine = QemuEngine(self.settings)
        self.started: list[Started] = []
        self._domids = itertools.count(1)

    def image(self, content: bytes) -> Path:
        path = self.folder / f"disk{len(list(self.folder.glob('disk*')))}.img"
        path.write_bytes(content)
        return path

    def config(self, content: bytes | None = None, **changes: Any) -> DomainConfig:
        """An HVM guest of 32 MiB with `content` on its first disk."""
        disks = () if content is None else (Disk("hda", str(self.image(content)), bus=DiskBus.IDE),)
        values = {"name": f"guest{uuid4().hex[:6]}", "kind": Kind.HVM, "memory": 32, "disks": disks} | changes
        return DomainConfig(**values)

    def new(self, config: DomainConfig, macs: tuple[str, ...] = ()) -> Started:
        started = Started(str(uuid4()), next(self._domids), config, Definition(), macs, "qemu", 0.0)
        self.started.append(started)
        return started

    async def start(self, config: DomainConfig) -> Started:
        """Start it, paused, with its disks opened."""
        started = self.new(config)
        with opened(config) as disks:
            await self.engine.start(started, Resources(disks))
        return started

    async def run(self, content: bytes, **changes: Any) -> Started:
        """Start a guest and let it run."""
        started = await self.start(self.config(content, **changes))
        await self.engine.unpause(started.uuid)
        return started

    async def new_engine(self) -> list[Observed]:
        """xend has come up again."""
        await self.engine.close()
        self.engine = QemuEngine(self.settings)
        await self.engine.probe()
        return await self.engine.recover(self.started)

    async def event(self) -> EngineEvent:
        async with asyncio.timeout(30):
            return await anext(aiter(self.engine.events()))

    def observed(self, started: Started) -> Observed:
        observed = self.engine.observe(started.uuid)
        assert observed is not None
        return observed

    def speaker(self, started: Started) -> Speaker:
        """A conversation on its serial console."""
        serial = ConsoleKind.SERIAL
        return Speaker(self.observed(started).consoles[serial], self.engine.console_log(started.uuid, serial))

    def pid(self, started: Started) -> int:
        """The process of a guest, found as a stranger would."""
        for entry in Path("/proc").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # others come and go
                if entry.name.isdecimal() and started.uuid.encode() in (entry / "cmdline").read_bytes():
                    return int(entry.name)
        raise AssertionError(f"no process runs {started.uuid}")

    def run_folder(self, started: Started) -> Path:
        return self.settings.run_dir / started.uuid

    async def close(self) -> None:
        for started in self.started:
            await self.engine.destroy(started.uuid)
        await self.engine.close()


@contextmanager
def opened(config: DomainConfig) -> Iterator[list[OpenedDisk]]:
    """The disks of a configuration, as storage opens them."""
    disks = []
    descriptors = []
    for disk in config.disks:
        writable = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
        layers = ()
        if disk.path:
            descriptors.append(os.open(disk.path, os.O_RDWR if writable else os.O_RDONLY))
            layers = (ImageLayer(disk.path, DiskFormat(disk.format), descriptors[-1], writable, 0),)
        disks.append(OpenedDisk(disk, layers))
    try:
        yield disks
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for unix sockets, and open to guests of other users."""
    path = Path(tempfile.mkdtemp(prefix="xq"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def host(folder: Path) -> AsyncIterator[Host]:
    host = Host(folder)
    await host.engine.probe()
    yield host
    await host.close()


@pytest.fixture
async def obedient(host: Host) -> AsyncIterator[tuple[Started, Speaker]]:
    """A running guest that waits for commands on its console."""
    started = await host.start(host.config(sectors.obedient()))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("ready\n")
        yield started, console
