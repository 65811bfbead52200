"""All parts of xend, built once and handed on."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xenia.api.doors import About, Doors
from xenia.console.hub import ConsoleHub
from xenia.daemon.sandbox import Sandbox
from xenia.daemon.settings import Settings
from xenia.engines.base import ConsoleKind, Engine
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.kernel import prepare_boot
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.engines.simulated.host import SimulatedHost
from xenia.lib.files import DiskFiles
from xenia.lib.paths import Paths
from xenia.manager.creation import Creation
from xenia.manager.definitions import Definitions
from xenia.manager.events import EventBus
from xenia.manager.host import read_host
from xenia.manager.jobs import Jobs
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.manager import Manager, Parts
from xenia.manager.prepare import HostPreparer, PrepareBoot
from xenia.manager.table import Table
from xenia.model.domain import DOMAIN_0_UUID, DomainConfig
from xenia.network.attach import Network
from xenia.network.mac import generate_mac
from xenia.storage.kernel import PreparedBoot
from xenia.storage.open import OpenedDisk, Storage
from xenia.storage.paths import Roots
from xenia.store.history import History
from xenia.store.records import Records
from xenia.store.runs import Runs, boot_id

_JOBS = 200
"""Jobs of earlier xends that are still told."""


@dataclass(frozen=True, slots=True)
class _Engine:
    """An engine with what it alone knows: how it wants kernels, and where it logs consoles."""

    engine: Engine
    prepare_boot: PrepareBoot
    console_log: Callable[[str, ConsoleKind], Path | None]


@asynccontextmanager
async def compose(paths: Paths, settings: Settings, about: About) -> AsyncIterator[Doors]:
    """What the API needs, started: what an earlier xend left is found again. Leaving the context lets go of the guests.

    Raises OSError, or unavailable when a part cannot be started.
    """
    async with AsyncExitStack() as parts:
        sandbox = Sandbox(settings)
        parts.push_async_callback(sandbox.close)
        await sandbox.start()
        history = History(paths.database)
        parts.callback(history.close)
        chosen = _engine(paths, settings, sandbox)
        manager = _manager(paths, settings, sandbox, history, chosen)
        parts.push_async_callback(manager.close)
        await manager.start()
        hub = ConsoleHub(
            lambda ref: {kind.value: path for kind, path in manager.consoles(ref).items()},
            lambda ref, kind: chosen.console_log(ref, ConsoleKind(kind)),
        )
        parts.push_async_callback(hub.close)
        hub.start(manager.listen, lambda: _running(manager))
        yield Doors(manager, hub, about)


def _engine(paths: Paths, settings: Settings, sandbox: Sandbox) -> _Engine:
    if settings.engine == "simulated":
        return _Engine(SimulatedEngine(SimulatedHost()), _no_kernel, lambda _ref, _kind: None)
    engine = QemuEngine(
        QemuSettings(
            run_dir=paths.run / "domains",
            log_dir=paths.logs,
            cache=paths.state / "qemu-probe.json",
            binary=settings.qemu,
            accelerator=settings.accelerator,
            uid_base=settings.uid_base if os.geteuid() == 0 else None,
            vnc_listen=settings.vnc_listen,
            vnc_password=settings.vnc_password,
        )
    )
    return _Engine(engine, partial(prepare_boot, inspect=sandbox.inspect), engine.console_log)


def _manager(paths: Paths, settings: Settings, sandbox: Sandbox, history: History, chosen: _Engine) -> Manager:
    files, table, locks = DiskFiles(paths.root), Table(), NameLocks()
    for folder in (paths.run, paths.state):
        files.remove_leftovers(str(folder))
    preparer = HostPreparer(
        storage=Storage(sandbox.inspect),
        network=Network(settings.default_bridge),
        prepare_boot=chosen.prepare_boot,
        table=table,
        roots=tuple(str(root) for root in settings.roots),
        privileged=os.geteuid() == 0,
    )
    bus = EventBus(time.time, history.put_event)
    lifecycle = Lifecycle(chosen.engine, preparer, Runs(files, boot_id()), Records(files), table, bus, clock=time.time)
    creation = Creation(chosen.engine, lifecycle, locks, sandbox.read_guest_file, _new_uuid, generate_mac)
    return Manager(
        Parts(
            engine=chosen.engine,
            lifecycle=lifecycle,
            creation=creation,
            definitions=Definitions(paths.guest_files, sandbox.read_guest_file),
            locks=locks,
            bus=bus,
            jobs=Jobs(time.time, history.put_job, history.last_jobs(_JOBS)),
            read_host=read_host,
        )
    )


async def _no_kernel(config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk]) -> PreparedBoot | None:
    """For an engine that executes nothing."""
    del config, roots, disks
    return None


def _new_uuid() -> str:
    return str(uuid.uuid4())


async def _running(manager: Manager) -> list[str]:
    return [domain.uuid for domain in await manager.list() if domain.uuid != DOMAIN_0_UUID]
