"""The use cases on this host, in one place for the doors (API) to call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from xenia.engines.base import ConsoleKind, Engine
from xenia.guestfile.write import write
from xenia.lib.aio import Tasks
from xenia.lib.meminfo import available_memory
from xenia.manager.addresses import Addresses
from xenia.manager.adoption import Adoption
from xenia.manager.agents import Agents
from xenia.manager.aside import Aside
from xenia.manager.autostart import Autostart
from xenia.manager.bitmaps import Bitmaps
from xenia.manager.brake import Brake
from xenia.manager.bridge import Bridges
from xenia.manager.bridge_keeper import BridgeKeeper
from xenia.manager.check.checker import Checker
from xenia.manager.check.explain import explain
from xenia.manager.cloning.cloning import Cloning
from xenia.manager.cloning.warm import WarmClones
from xenia.manager.conversion import Converter
from xenia.manager.creation import Creation
from xenia.manager.debugging import Debugging
from xenia.manager.defining import Defining
from xenia.manager.definitions import Definitions, ReadGuestFile
from xenia.manager.desktops import Desktops
from xenia.manager.differences import as_it_runs, differences
from xenia.manager.disks import Disks
from xenia.manager.dumps import Dumps
from xenia.manager.events import EventBus, Listener
from xenia.manager.exports import Exports
from xenia.manager.folder_apply import FolderApply
from xenia.manager.freezing import Freezing
from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.host_power import HostPower
from xenia.manager.host_start import HostStart
from xenia.manager.host_stop import HostStop, StopSettings
from xenia.manager.image_users import ImageUsers
from xenia.manager.images import Images
from xenia.manager.inventory import Inventory
from xenia.manager.jobs import Jobs
from xenia.manager.keyboard import Keyboards
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.live_images import LiveImages
from xenia.manager.locks import NameLocks
from xenia.manager.memory import Memory
from xenia.manager.moves import Moves
from xenia.manager.networks.keeper import NetworkKeeper
from xenia.manager.networks.networks import Networks
from xenia.manager.noticing import Watch
from xenia.manager.pci import Pci
from xenia.manager.pinning import Pinning
from xenia.manager.plugging import Plugging
from xenia.manager.policy import PolicyKeeper
from xenia.manager.pools import Pools
from xenia.manager.power import Power
from xenia.manager.reconcile import Reconcile
from xenia.manager.renaming import Renaming
from xenia.manager.saves import Here, KeepsSaves, Saves
from xenia.manager.saving import Saving
from xenia.manager.scheduling import Scheduling
from xenia.manager.scopes import Scopes
from xenia.manager.screens import Screens
from xenia.manager.snapshots.current import CurrentDisks
from xenia.manager.snapshots.elsewhere import Elsewhere
from xenia.manager.snapshots.making import KeepsOverlays, Making
from xenia.manager.snapshots.picture import take_picture
from xenia.manager.snapshots.reverting import Reverting
from xenia.manager.snapshots.snapshots import Snapshots
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tidying import Tidying
from xenia.manager.starting import Starting, created
from xenia.manager.stats import StatsReader
from xenia.manager.suspending import Suspending
from xenia.manager.turns import Turns
from xenia.manager.usage import UsageKeeper
from xenia.manager.usb import Usb
from xenia.manager.vcpus import Vcpus
from xenia.manager.vifs import Vifs
from xenia.manager.why.why import WhyReader
from xenia.model.caller import Caller
from xenia.model.check import Checked, CheckRequest
from xenia.model.conversion import Converted, ConvertRequest
from xenia.model.domain import Started
from xenia.model.dump import DumpRequest
from xenia.model.errors import conflict
from xenia.model.event import Event
from xenia.model.explanation import Explanation
from xenia.model.host import EngineReport, Host
from xenia.model.job import Job, JobLine
from xenia.model.live import Difference
from xenia.model.operations import OPERATIONS, require, require_usable
from xenia.model.request import CreateRequest, Plan
from xenia.settings.settings import DEFAULT_ATTACH_TIMEOUT
from xenia.storage.images.look import Looker
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.volumes.volumes import Volumes
from xenia.store.host_runs import HostRuns
from xenia.store.snapshots import SnapshotTrees
from xenia.store.usage import UsageStore
from xenia.store.variables import UefiVariables


@dataclass(frozen=True, slots=True)
class Parts:
    """What the manager is made of; built by daemon.compose, or by a test around a simulated host."""

    engine: Engine
    lifecycle: Lifecycle
    creation: Creation
    checker: Checker
    converter: Converter
    definitions: Definitions
    guest_files: GuestFiles
    folder: FolderApply
    adoption: Adoption
    dumps: Dumps
    save_files: KeepsSaves
    here: Here
    kept_saves: Path
    exports: Path
    """The folder of the sockets at which disks and images are offered."""
    fleeces: Path
    """Where what guests overwrite is kept while their disks are offered."""
    trees: SnapshotTrees
    overlays: KeepsOverlays
    variables: UefiVariables
    kept_snapshots: Path
    """Where the memory of snapshots is, and pictures of screens."""
    new_layer: Callable[[], str]
    """Makes a word of eight hexadecimal digits that nothing else is called."""
    aside: Aside
    brake: Brake
    locks: NameLocks
    bus: EventBus
    jobs: Jobs
    autostart: Autostart
    host_runs: HostRuns
    usage: UsageStore
    looker: Looker
    volumes: Volumes
    qemu_img: QemuImg
    bridges: Bridges
    networks: Networks
    read_host: Callable[[], Host]
    read_pressure: Callable[[], Mapping[str, float]]
    read: ReadGuestFile
    """Reads the words of a device that is plugged in."""
    stop_settings: StopSettings = field(default_factory=StopSettings)
    attach_timeout: float = DEFAULT_ATTACH_TIMEOUT
    """Seconds that a guest is given to take a device."""
    bring_back: bool = True
    """Whether what host-stop has ended is started with the host again."""
    warm_clones: bool = True
    """Whether clones are held ready where that is wanted."""
    available: Callable[[], int] = available_memory
    """Bytes of memory that the host could give."""
    start_with_host: bool = True
    """Whether any domain starts with the host by itself."""
    refuse_beside_others: Callable[[], None] = lambda: None
    """Raises a conflict where something else starts domains with this host."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    choice: str = ""
    """Why this engine, in words."""
    others: Sequence[Engine] = ()
    """Engines that were not chosen; only probed."""


class Manager:
    """`start` before anything else, `close` at the end (guests run on)."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks = Tasks()
        self._policy = PolicyKeeper(
            parts.lifecycle, parts.dumps, parts.aside, parts.locks, parts.brake, self._tasks, parts.sleep
        )
        table = parts.lifecycle.table
        self.inventory = Inventory(
            parts.engine,
            table,
            parts.definitions,
            parts.lifecycle.records,
            parts.autostart.folder,
            parts.lifecycle.clock,
            parts.read_host,
        )
        self._turns = Turns(self.inventory, table, parts.locks, parts.bus, parts.jobs, self.engine_report)
        scopes = Scopes(parts.guest_files, self.inventory, self._turns, table)
        self.memory = Memory(parts.lifecycle, self.inventory, scopes)
        self._plugging = plugging = Plugging(parts.lifecycle, parts.attach_timeout)
        self.disks = Disks(parts.lifecycle, plugging, parts.read, scopes)
        self.vifs = Vifs(parts.lifecycle, plugging, parts.read, scopes, parts.creation.new_mac)
        self.scheduling = Scheduling(parts.lifecycle, scopes)
        self.pools = Pools(parts.lifecycle, scopes, self.host)
        self.defining = Defining(parts.guest_files, parts.autostart, parts.lifecycle.records, parts.trees, parts.locks)
        self.renaming = Renaming(parts.lifecycle, parts.guest_files, self.inventory, self._turns)
        self.pci = Pci(parts.lifecycle, self._turns, self.engine_report)
        self.usb = Usb(parts.lifecycle, self._turns)
        self.stats = StatsReader(parts.engine, self.inventory)
        self.usage = UsageKeeper(
            self.stats,
            self.inventory,
            self.host,
            self.engine_report,
            parts.lifecycle.records,
            parts.usage,
            parts.lifecycle.clock,
            parts.sleep,
        )
        self.why = WhyReader(parts.engine, self.inventory, self.host, parts.read_pressure)
        self.vcpus = Vcpus(parts.lifecycle, self.inventory, scopes, self.host)
        self.pinning = Pinning(parts.lifecycle, scopes, self.host)
        self.freezing = Freezing(parts.lifecycle, parts.locks, self._turns)
        self._users = users = ImageUsers(
            parts.definitions, table, parts.lifecycle.records, parts.trees, lambda: self.warm.started
        )
        live = LiveImages(parts.engine, table, parts.locks, self.engine_report)
        self.images = Images(parts.looker, users, parts.jobs, parts.qemu_img, live, parts.exports, parts.volumes)
        self.agents = Agents(parts.engine, self.inventory, self._turns)
        self._saves = Saves(parts.lifecycle, self.freezing, parts.locks, parts.save_files, parts.here)
        self.saving = Saving(self._saves, self._turns, parts.jobs, self.engine_report)
        self.suspending = Suspending(
            self._saves, self._turns, parts.jobs, self.inventory, self.engine_report, parts.kept_saves
        )
        sweeping = Sweeping(parts.trees, parts.overlays.remove, users.now, lambda: self.warm.paths)
        self.warm = WarmClones(
            parts.lifecycle,
            self._saves,
            parts.definitions,
            parts.locks,
            parts.trees,
            parts.overlays,
            parts.variables,
            sweeping,
            parts.new_layer,
            parts.creation.new_uuid,
            parts.creation.new_mac,
            parts.available,
            parts.sleep,
            parts.warm_clones,
        )
        parts.lifecycle.room.make = self.warm.make_room
        self.snapshots = self._snapshots(sweeping)
        self._parts = parts = replace(parts, creation=replace(parts.creation, disks_of=self.snapshots.disks_of))
        self.cloning = Cloning(
            parts.lifecycle,
            self.snapshots,
            parts.overlays,
            parts.variables,
            parts.guest_files,
            self._saves,
            plugging,
            parts.creation.new_uuid,
            parts.creation.new_mac,
            self.warm,
        )
        self.moves = Moves(parts.lifecycle, self._turns, parts.guest_files, self.images, parts.trees)
        self.exports = Exports(parts.lifecycle, self._turns, self.freezing, parts.exports, parts.fleeces)
        self.bitmaps = Bitmaps(parts.lifecycle, self._turns)
        power = Power(parts.lifecycle, parts.adoption, self.freezing, self._turns)
        self.operate = power.operate
        self.debugging = Debugging(parts.engine, self.inventory, self._turns, power, self.engine_report)
        self.screens = Screens(parts.engine, self.inventory, self._turns, table, parts.bus)
        self.keyboards = Keyboards(parts.engine, self.inventory, self._turns)
        self.starting = Starting(self.inventory, parts.definitions, parts.creation, parts.jobs, self.engine_report)
        host_start = HostStart(
            parts.autostart, parts.creation, self.suspending, parts.host_runs, bring_back=parts.bring_back
        )
        host_stop = HostStop(
            parts.autostart,
            parts.lifecycle,
            self.freezing,
            self.suspending,
            parts.locks,
            parts.host_runs,
            self._before_stop,
            parts.stop_settings,
        )
        self.host_power = HostPower(
            parts.autostart,
            host_start,
            host_stop,
            parts.host_runs,
            parts.jobs,
            self._refuse_to_start,
            with_host=parts.start_with_host,
        )
        self._guest_file_watch = Watch(parts.definitions)
        self.networks = parts.networks
        self.addresses = Addresses(parts.networks, self.agents, parts.lifecycle.table, parts.lifecycle.clock)
        self.desktops = Desktops(self.inventory, self._turns, parts.networks, self.agents, self.addresses)
        self._network_keeper = NetworkKeeper(parts.networks, parts.bus, parts.lifecycle.renew_guard, parts.sleep)
        self._report = EngineReport(parts.engine.name, reason="not probed yet")
        self._other_reports = {each.name: EngineReport(each.name, reason="not probed yet") for each in parts.others}

    async def _before_stop(self) -> None:
        """What must be no more before the domains of the host are ended."""
        await self.warm.end()
        await self.exports.end_all()

    def configure(
        self,
        brake: Brake,
        stop: StopSettings,
        *,
        attach_timeout: float,
        bring_back: bool,
        start_with_host: bool,
        warm_clones: bool,
    ) -> None:
        """These settings hold from now on."""
        self.warm.configure(enabled=warm_clones)
        self._policy.brake = brake
        self._plugging.seconds = attach_timeout
        self.host_power.configure(stop, bring_back=bring_back, with_host=start_with_host)

    async def start(self) -> None:
        """Probe the engine and find again what runs."""
        self.inventory.start()
        await self._parts.volumes.sweep()
        await self._parts.bridges.start()
        self._report = await self._parts.engine.probe()
        await self._parts.lifecycle.records.load()
        await self._parts.trees.load()
        await self.networks.start()
        await Reconcile(self._parts.lifecycle, self._policy, self._saves, self.snapshots, self.moves).run()
        await self.snapshots.sweep()
        run = {entry.started.uuid for entry in self._parts.lifecycle.table}
        await self._parts.variables.sweep(self._parts.lifecycle.records.uuids | run)
        await self.suspending.settle()
        self.freezing.recover()
        await self._parts.folder.recover()
        self._guest_file_watch.start(self._tasks)
        self._tasks.start(self._parts.guest_files.keeper.run(), name="keeper of versions")
        await self._parts.definitions.refresh()
        self._tasks.start(self._watch(), name="engine watcher")
        self._network_keeper.start(self._tasks)
        if self._parts.bridges.privileged:
            keeper = BridgeKeeper(self._parts.bridges, self.networks.plug_again)
            self._tasks.start(keeper.run(), name="keeper of the host's bridge")
        await self.host_power.come_up()
        self.warm.start()
        for other in self._parts.others:
            self._tasks.start(self._probe(other), name=f"probe of the engine {other.name}")

    def _snapshots(self, sweeping: Sweeping) -> Snapshots:
        parts, lifecycle = self._parts, self._parts.lifecycle
        elsewhere = Elsewhere(parts.looker, self._users.now, parts.overlays.folder_of)
        making = Making(
            lifecycle,
            self.freezing,
            self._saves,
            parts.trees,
            parts.overlays,
            parts.variables,
            sweeping,
            partial(take_picture, parts.engine),
            parts.kept_snapshots,
            parts.new_layer,
        )
        return Snapshots(
            lifecycle,
            self.inventory,
            self._turns,
            parts.jobs,
            parts.guest_files,
            parts.trees,
            CurrentDisks(parts.trees, lifecycle.records),
            parts.overlays,
            making,
            Reverting(
                lifecycle,
                self._saves,
                sweeping,
                parts.trees,
                parts.overlays,
                parts.variables,
                parts.guest_files,
                parts.new_layer,
            ),
            Tidying(lifecycle, parts.trees, parts.overlays, sweeping, elsewhere.of),
            sweeping,
            self.warm,
            self.engine_report,
            parts.creation.new_uuid,
        )

    async def _probe(self, other: Engine) -> None:
        self._other_reports[other.name] = await other.probe()

    async def _watch(self) -> None:
        async for event in self._parts.engine.events():
            if self.warm.has_ended(event):
                continue
            self._tasks.start(self._policy.handle(event), name=f"end of {event.uuid}")

    async def close(self) -> None:
        """Let go of the guests and end the background tasks."""
        await self._parts.jobs.close()
        await self.warm.close()
        await self._parts.bridges.close()
        await self.freezing.close()
        self._parts.save_files.close()
        await self._tasks.close()
        self._guest_file_watch.close()
        self.networks.host.close()
        self._parts.bus.close()
        await self._parts.engine.close()

    async def host(self) -> Host:
        """The host's figures now. Raises XeniaError when the engine does not answer."""
        host = self._parts.read_host()
        return await self._parts.engine.refine(host) if self._report.usable else host

    def engine_report(self) -> EngineReport:
        return self._report

    @property
    def choice(self) -> str:
        """Why the engine is this one."""
        return self._parts.choice

    @property
    def unfiltered(self) -> str:
        """Why what guests send is not filtered; "" where it is."""
        return self._parts.lifecycle.filter.problem

    def other_reports(self) -> tuple[EngineReport, ...]:
        """What the engines that were not chosen could do here."""
        return tuple(self._other_reports.values())

    async def plan(self, request: CreateRequest, caller: Caller) -> Plan:
        """What `create` would do, without doing it. Raises GuestFileError where the file has no meaning."""
        return await self._parts.checker.plan(request, caller)

    async def check(self, request: CheckRequest, caller: Caller) -> Checked:
        """All there is to say about a guest file. Raises not_found for an engine that there is not."""
        return await self._parts.checker.check(request, caller)

    async def explain(self, request: CheckRequest, caller: Caller) -> Explanation:
        """What each line of a guest file became. Raises as `check`."""
        return explain(await self.check(request, caller))

    async def convert(self, request: ConvertRequest) -> Converted:
        """A guest file or libvirt's XML in another form. Raises GuestFileError where it has no meaning."""
        return await self._parts.converter.convert(request)

    def create(self, request: CreateRequest, caller: Caller) -> Job:
        """Start a domain from a guest file, as a job.

        Its result is that of `starting.created`. Raises denied for a missing role, unavailable when the engine cannot
        run anything.
        """
        require(caller.role, OPERATIONS["create"])
        require_usable(self._report)

        async def work() -> dict[str, Any]:
            entry, complaints = await self._parts.creation.create(request, caller)
            return created(entry.started, complaints)

        name = Path(request.file).stem if request.file else "a guest file"
        return self._parts.jobs.start("create", name, caller, work)

    def dump_core(self, ref: str, request: DumpRequest, caller: Caller) -> Job:
        """dump-core, as a job: what `Dumps.dump` does, with its result. Raises as `operate`."""
        dumps, jobs = self._parts.dumps, self._parts.jobs
        job = self._turns.start(
            "dump-core",
            ref,
            caller,
            lambda entry: dumps.dump(entry, request, lambda done: jobs.progress(job.id, done)),
        )
        return job

    def _refuse_to_start(self) -> None:
        """Raises what speaks against starting domains with the host."""
        require_usable(self._report)
        self._parts.refuse_beside_others()

    @property
    def guest_files(self) -> GuestFiles:
        """What administrators do with guest files."""
        return self._parts.guest_files

    @property
    def bridges(self) -> Bridges:
        """The bridge of the host."""
        return self._parts.bridges

    @property
    def folder(self) -> FolderApply:
        """What they do with a folder of them as a whole."""
        return self._parts.folder

    async def as_it_runs(self, ref: str, caller: Caller) -> tuple[Started, str]:
        """The as-started configuration of a domain, and as the text of a guest file. Raises as `find`, denied, and a
        conflict for one that does not run.
        """
        require_administrator(caller)
        started = await self._running(ref)
        heading = f"domain '{started.config.name}' (id {started.domid}) as it runs"
        return started, write(as_it_runs(started), heading=heading)

    async def differences(self, ref: str, caller: Caller) -> tuple[Started, tuple[Difference, ...]]:
        """In what a domain that runs is not as its guest file wants it. Raises as `as_it_runs`, and what finding the
        file raises.
        """
        require_administrator(caller)
        started = await self._running(ref)
        if started.foreign:
            name = started.config.name
            raise conflict(f"domain '{name}' was started by others: xend keeps no guest file of it", f"xm adopt {name}")
        wanted = await self._parts.guest_files.wanted(started.config.name)
        return started, differences(wanted, started.config)

    async def _running(self, ref: str) -> Started:
        domain = await self.inventory.look_up(ref)
        started = self.inventory.started(ref)
        if started is None:
            raise conflict(f"domain '{domain.name}' does not run", f"xm config show {domain.name} shows its guest file")
        return started

    def jobs(self) -> tuple[Job, ...]:
        return self._parts.jobs.all()

    def job(self, number: int) -> Job:
        """Raises not_found."""
        return self._parts.jobs.get(number)

    def job_log(self, number: int, after: int = 0) -> tuple[JobLine, ...]:
        """The lines of a job's log with a number over `after`, oldest first. Raises not_found."""
        return self._parts.jobs.lines(number, after)

    async def wait(self, number: int, seconds: float) -> Job:
        """The job as it is when it has ended or `seconds` are over, whichever is first. Raises not_found."""
        return await self._parts.jobs.wait(number, seconds)

    async def cancel(self, number: int, caller: Caller) -> Job:
        """End a job early. Raises as `Jobs.cancel`."""
        return await self._parts.jobs.cancel(number, caller)

    def listen(self) -> AbstractContextManager[Listener]:
        """What happens from now on, while the context lasts; an async iterator of events.

        A reader that falls too far behind is ended, never fed with gaps.
        """
        return self._parts.bus.listen()

    @property
    def sequence(self) -> int:
        """That of the last event."""
        return self._parts.bus.sequence

    def follow(self, hear: Callable[[Event], None], changed: Callable[[], None]) -> None:
        """Have `hear` called with each event at once, and `changed` whenever a job has changed."""
        self._parts.bus.follow(hear)
        self._parts.jobs.follow(changed)

    def consoles(self, ref: str) -> Mapping[ConsoleKind, Path]:
        """The text consoles of a running domain, as `Observed` has them. Raises as `find`, and a conflict when it does
        not run.
        """
        domain = self.inventory.find(ref)
        self._turns.permit("console", domain)
        observed = self._parts.engine.observe(domain.uuid)
        return observed.consoles if observed is not None else {}
