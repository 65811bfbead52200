"""A host in memory that outlives xend: files, guests and image locks, with a place to die or to fail at every step."""

from __future__ import annotations

import asyncio
import errno
import importlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.kept_jobs import KeptJobs

from xenia.engines.base import Resources
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.engines.simulated.host import SimulatedHost, SimulatedImage
from xenia.guestfile.edit.edit import edit
from xenia.guestfile.read import read
from xenia.manager.adoption import Adoption
from xenia.manager.aside import Aside
from xenia.manager.autostart import Autostart
from xenia.manager.brake import Brake
from xenia.manager.bridge import Bridges
from xenia.manager.card_scripts import CardScripts
from xenia.manager.check.checker import Checker
from xenia.manager.check.neighbours import Neighbours
from xenia.manager.conversion import Converter
from xenia.manager.creation import Creation
from xenia.manager.definitions import Definitions, ReadGuestFile
from xenia.manager.dumps import Dumps
from xenia.manager.events import EventBus
from xenia.manager.folder_apply import FolderApply
from xenia.manager.folder_plan import Planner
from xenia.manager.guest_files import GuestFiles
from xenia.manager.jobs import Jobs
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.manager import Manager, Parts
from xenia.manager.networks.guests import Guests
from xenia.manager.networks.held import HeldAddresses
from xenia.manager.networks.networks import Networks
from xenia.manager.noticing import Keeper
from xenia.manager.prepare import Findings
from xenia.manager.saves import Here
from xenia.manager.snapshots.current import CurrentDisks
from xenia.manager.table import Table
from xenia.model.bridge import BridgeWish
from xenia.model.caller import Caller, Role
from xenia.model.change import Change, Edited
from xenia.model.disk import Disk, DiskFormat, DiskMode
from xenia.model.domain import DomainConfig, EndAction, Policy, Started
from xenia.model.errors import ResourceError, conflict, engine_failed, invalid, not_found, unavailable
from xenia.model.event import Event, EventKind
from xenia.model.host import Host
from xenia.model.layers import Merge
from xenia.model.reading import Reading
from xenia.model.request import CreateRequest
from xenia.model.save import DiskStamp, SaveInfo
from xenia.model.seal import Seal
from xenia.model.snapshot import Layer
from xenia.model.vif import Vif, Way
from xenia.network.attach import AttachedVif
from xenia.network.port import Port
from xenia.network.scripts import Scripts
from xenia.network.simulated import SimulatedNetworkHost
from xenia.network.uplink.record import Place
from xenia.network.uplink.uplink import Uplink
from xenia.storage.images.look import Looker
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.inspect import INSPECTIONS
from xenia.storage.open import OpenedDisk
from xenia.storage.usb import OpenedUsb
from xenia.storage.volumes.volumes import Volumes
from xenia.store.applied import Journal
from xenia.store.auto import AutoFolder
from xenia.store.folder import GuestFolder
from xenia.store.host_runs import HostRuns
from xenia.store.networks import NetworkStore
from xenia.store.records import Records
from xenia.store.runs import Runs
from xenia.store.snapshots import SnapshotTrees
from xenia.store.usage import UsageStore
from xenia.store.variables import UefiVariables
from xenia.store.versions import Versions

ROOT = Caller(0, "root", Role.ADMINISTRATOR)
HOST = Host("sim", "6.1", "#1", "x86_64", 4, 1, 4, 1, 2800, "", 16384, 8192, 0.0, 1.0)
CALM: Mapping[str, float] = {"cpu": 0.0, "memory": 0.0, "io": 0.0}
"""What nobody on that host waits for, whatever the real one is doing."""


_DEVICES = ("disk", "vif", "usb", "pci")
_DEVICE_STEPS = ("eject", "insert", *(f"{verb} {device}" for verb in ("attach", "detach") for device in _DEVICES))
_SIZE_STEPS = ("set memory", "set vcpus", "set share", "pin", "move to pool")
_CORE_STEPS = ("dump core", "core dumped", "set aside", "save", "saved state", "saved", "run script")
_AGENT_STEPS = ("freeze", "frozen", "thaw")
_LAYER_STEPS = ("put overlays", "merge", "merge begun", "make overlay", "rebase")
ENGINE_STEPS = frozenset(
    {
        *("start", "started", "unpause", "pause", "shutdown", "rename", "guard"),
        *(*_SIZE_STEPS, *_DEVICE_STEPS, *_CORE_STEPS, *_AGENT_STEPS, *_LAYER_STEPS),
    }
)
"""Where an engine may refuse."""

NETWORK_STEPS = frozenset(
    f"{verb} {thing}"
    for thing, verbs in {
        "link": ("add", "set", "remove"),
        "address": ("add", "remove"),
        "route": ("add", "remove"),
        "proxied": ("set",),
        "sysctl": ("set",),
        "rules": ("load", "remove"),
        "service": ("start", "stop", "forget"),
        "network": ("see",),
    }.items()
    for verb in verbs
)
"""Where the host's network may."""


class Killed(BaseException):
    """xend is dead: nothing of it runs any more, not even what it would do on its way out."""


@dataclass
class World:
    """What stays when xend dies. `die_at` and `fail_at` count steps from now; `steps` counts all that were taken."""

    host: SimulatedHost = field(default_factory=SimulatedHost)
    network: SimulatedNetworkHost = field(default_factory=SimulatedNetworkHost)
    files: dict[str, bytes] = field(default_factory=dict)
    now: float = 1000.0
    time_stands: bool = False
    steps: int = 0
    die_at: int | None = None
    fail_at: int | None = None
    dead: bool = False
    domids: list[int] = field(default_factory=list)
    published: list[Event] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    """How large images are that were written to."""
    cores: set[Path] = field(default_factory=set)
    saves: dict[Path, Save] = field(default_factory=dict)
    brake: Brake = field(default_factory=Brake)
    folder: Path = Path("/nonexistent")
    image_roots: tuple[str, ...] = ()
    """Where images lie, on the real file system."""
    volumes: Volumes = field(default_factory=Volumes)
    boot_id: str = "boot"
    bridge: BridgeWish = field(default_factory=lambda: BridgeWish("xenbr0"))
    refuse_beside_others: Callable[[], None] = lambda: None
    start_with_host: bool = True
    available: int = 1 << 40
    """Bytes of memory that the host could give."""
    warm_clones: bool = True
    mapped: set[str] = field(default_factory=set)
    """The saves whose memory is kept to be mapped."""
    read: ReadGuestFile = field(default_factory=lambda: read_plain)
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    connected: dict[str, str] = field(default_factory=dict)
    """What the scripts of cards were told last, by the host's ends of them."""
    rules: dict[str, Port] = field(default_factory=dict)
    """The cards that are guarded, by the host's ends of them."""

    def __post_init__(self) -> None:
        self.host.step = self.step
        self.network.step = self.step
        self.network.ends = self.routed_ends

    async def step(self, name: str) -> None:
        """One place between two effects."""
        if self.dead:
            raise Killed
        self.steps += 1
        if self.steps == self.die_at:
            self.dead = True
            self.host.tell = None
            raise Killed
        if self.steps == self.fail_at:
            if name in ("write", "written"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if name in ENGINE_STEPS:
                self._undo_half_started(name)
                raise engine_failed(f"injected at {name}")
            if name in NETWORK_STEPS:
                raise unavailable(f"injected at {name}")
        await asyncio.sleep(0)

    def _undo_half_started(self, name: str) -> None:
        """An engine whose start fails leaves nothing behind: that is its contract."""
        if name == "started":
            self.host.guests.pop(list(self.host.guests)[-1])

    def routed_ends(self) -> list[str]:
        """The host's ends of cards that are routed."""
        return [
            f"vif{guest.domid}.{vif.item}"
            for guest in self.host.guests.values()
            for vif in guest.started.config.vifs
            if vif.way is Way.ROUTE and vif.item in guest.cards
        ]

    def boot(self) -> Manager:
        """A new xend on this host."""
        self.dead = False
        files = MemoryFiles(self)
        table, bus, locks = Table(), EventBus(self.clock, self.published.append), NameLocks()
        engine = SimulatedEngine(self.host)
        preparer = SimulatedPreparer(self, table)
        runs, records = Runs(files, self.boot_id), Records(files)
        jobs = Jobs(self.clock, KeptJobs())
        guests = Guests(table, records, "xenbr0", engine.observe)
        networks = Networks(self.network, NetworkStore(files, self.boot_id), guests, jobs, Path("/"))
        addresses = HeldAddresses(networks, guests, self.clock).of
        lifecycle = Lifecycle(
            engine,
            preparer,
            runs,
            records,
            table,
            bus,
            self.clock,
            SimulatedFilter(self),
            addresses,
            networks.route_cards,
            CardScripts(SimulatedScripts(self)),
        )
        creation = Creation(engine, lifecycle, locks, self.read, self.new_uuid, self.new_mac)
        versions = Versions(files, self.clock)
        keeper = Keeper(versions)
        definitions = Definitions(GuestFolder(self.folder), self.read, keeper)
        guest_files = GuestFiles(definitions, versions, keeper, lifecycle.records, table, self.read, edit_really)
        adoption = Adoption(lifecycle, self.read, files, Path("/etc/xen"))
        neighbours = Neighbours(definitions, lifecycle.records, table)
        trees = SnapshotTrees(files)
        current = CurrentDisks(trees, records)
        checker = Checker(engine, {engine.name: engine}, self.read, preparer, neighbours, lambda: HOST, current)
        converter = Converter(self.read, self.read)
        return Manager(
            Parts(
                engine=engine,
                lifecycle=lifecycle,
                creation=creation,
                checker=checker,
                converter=converter,
                definitions=definitions,
                guest_files=guest_files,
                folder=FolderApply(Planner(guest_files, checker), guest_files, Journal(files), lifecycle, locks, jobs),
                adoption=adoption,
                dumps=Dumps(lifecycle, MemoryCoreFiles(self), Path("/dump")),
                save_files=MemorySaves(self),
                here=Here("sim", self.boot_id, "1"),
                kept_saves=Path("/var/lib/xenia/saves"),
                exports=self.folder / "exports",
                fleeces=self.folder / "fleeces",
                trees=trees,
                variables=UefiVariables(files),
                overlays=MemoryOverlays(self),
                kept_snapshots=Path("/var/lib/xenia/snapshots"),
                new_layer=lambda: f"{next(self.serial):08x}",
                aside=Aside(lifecycle, self.new_uuid),
                bridges=Bridges(Uplink(Place(self.folder), self.boot_id), lambda: self.bridge, jobs),
                brake=self.brake,
                sleep=self.sleep,
                read=read_really,
                autostart=Autostart(AutoFolder(self.folder / "auto"), guest_files),
                host_runs=HostRuns(files, self.boot_id),
                usage=UsageStore(files),
                looker=Looker(inspect_really, self.image_roots),
                volumes=self.volumes,
                qemu_img=QemuImg(65534 if os.geteuid() == 0 else None),
                networks=networks,
                refuse_beside_others=self.refuse_beside_others,
                start_with_host=self.start_with_host,
                available=lambda: self.available,
                warm_clones=self.warm_clones,
                locks=locks,
                bus=bus,
                jobs=jobs,
                read_host=lambda: HOST,
                read_pressure=lambda: CALM,
            )
        )

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Time passes when nothing else happens, unless it stands."""
        await self.step("sleep")
        if self.time_stands:
            await asyncio.Event().wait()
        self.now += seconds
        await self.step("slept")

    def new_uuid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.serial):012x}"

    def new_mac(self, taken: frozenset[str]) -> str:
        number = next(self.serial)
        return f"00:16:3e:{number >> 16 & 0x7F:02x}:{number >> 8 & 0xFF:02x}:{number & 0xFF:02x}"

    def interfaces(self) -> set[str]:
        """The host's ends of all cards."""
        return {f"vif{guest.domid}.{number}" for guest in self.host.guests.values() for number in guest.cards}

    def runs(self) -> set[str]:
        """The UUIDs that are written down to run."""
        return {path.split("/")[3] for path in self.files if path.startswith("run/xenia/domains/")}


@dataclass
class MemoryFiles:
    world: World

    async def read(self, path: str) -> bytes | None:
        await self.world.step("read")
        return self.world.files.get(path)

    async def write(self, path: str, content: bytes, *, durable: bool) -> None:
        await self.world.step("write")
        self.world.files[path] = content
        await self.world.step("written durably" if durable else "wrote")

    async def remove(self, path: str) -> None:
        await self.world.step("remove")
        for known in [known for known in self.world.files if known == path or known.startswith(f"{path}/")]:
            del self.world.files[known]
        await self.world.step("removed")

    async def list(self, path: str) -> list[str]:
        await self.world.step("list")
        prefix = f"{path}/"
        return sorted({known[len(prefix) :].split("/")[0] for known in self.world.files if known.startswith(prefix)})


@dataclass
class MemoryCoreFiles:
    """What is dumped goes nowhere; only that it was dumped stays."""

    world: World

    @contextmanager
    def open(self, path: Path, size: int) -> Iterator[int]:
        if path in self.world.cores:
            raise conflict(f"there is a file {path} already")
        core = os.open(os.devnull, os.O_WRONLY)
        try:
            yield core
            self.world.cores.add(path)
        finally:
            os.close(core)

    def make_folder(self, path: Path) -> None:
        pass


@dataclass
class Save:
    """A save in memory, being written or read."""

    world: World
    path: Path
    id: str
    content: bytes = b""
    info: SaveInfo = field(init=False)
    memory: int = 0
    template: int | None = None
    trusted: bool = True
    seal: Seal | None = None
    untouched: bool = False
    lendings: int = 0
    """How often a guest has mapped it."""

    async def state(self, source: int, *, memory: int, expected: int = 0) -> None:
        self.content = os.read(source, 1 << 16)
        await self.world.step("write")

    async def finish(self, info: SaveInfo) -> None:
        self.info = info
        await self.world.step("write")

    async def keep(self) -> Seal:
        await self.world.step("write")
        self.world.saves[self.path] = self
        self.seal = Seal(self.id, 1, len(self.world.saves))
        await self.world.step("kept")
        return self.seal

    async def check(self) -> None:
        await self.world.step("check")

    async def mapped(self) -> Save:
        return self

    def lent(self) -> Save:
        self.lendings += 1
        self.seal = None
        return self

    def read_ahead(self) -> None:
        pass

    async def feed(self, state: int) -> None:
        os.write(state, self.content)
        await self.world.step("feed")

    async def fill(self, memory: int) -> None:
        raise NotImplementedError("simulated guests have no memory")


@dataclass
class MemorySaves:
    world: World

    @contextmanager
    def create(self, path: Path, identity: str, tell: Callable[[float], None]) -> Iterator[Save]:
        tell(0.5)
        yield Save(self.world, path, identity)

    @asynccontextmanager
    async def open(self, path: Path, tell: Callable[[float], None], seal: Seal | None = None) -> AsyncIterator[Save]:
        if path not in self.world.saves:
            raise not_found(f"there is no file {path}")
        tell(0.5)
        save = self.world.saves[path]
        if seal is not None and seal.digest != save.id:
            raise invalid(f"{path} is not the save that was written there")
        save.untouched = seal is not None and save.seal == seal
        yield save

    def keep_mapped(self, identities: Collection[str]) -> None:
        self.world.mapped = set(identities)

    def mapped_size(self, identity: str) -> int:
        return 0

    def close(self) -> None:
        pass

    def holds(self, path: Path, identity: str) -> bool:
        return path in self.world.saves and self.world.saves[path].id == identity

    def make_folder(self, folder: Path) -> None:
        pass

    def remove(self, path: Path) -> None:
        self.world.saves.pop(path, None)

    def stamps(self, disks: Sequence[Disk]) -> tuple[DiskStamp, ...]:
        return tuple(DiskStamp(disk.target, disk.path, self.world.written.get(disk.path, 0)) for disk in disks)


@dataclass
class MemoryOverlays:
    """Overlays in memory. `busy` images are written to by a guest."""

    world: World

    def folder_of(self, base: str) -> str:
        return str(Path(base).parent)

    def place(self, base: str, identity: str) -> str:
        return f"{base.partition('.')[0]}.{identity}"

    async def make(self, base: str, form: DiskFormat, path: str) -> None:
        await self.world.step("make overlay")
        self.world.host.image(base)
        self.world.host.images[path] = SimulatedImage(base)
        await self.world.step("overlay made")

    async def copy(self, path: str, form: DiskFormat, target: str, below: Collection[str]) -> None:
        del below
        await self.world.step("copy image")
        self.world.host.images[target] = SimulatedImage(data=self.world.host.read(path))
        await self.world.step("image copied")

    async def rename(self, path: str, new: str) -> None:
        """Who has it open sees that it is called otherwise."""
        await self.world.step("rename image")
        host = self.world.host
        host.images[new] = host.images.pop(path)
        for guest in host.guests.values():
            guest.disks = {target: new if found == path else found for target, found in guest.disks.items()}
        await self.world.step("image renamed")

    def untouched(self, path: str) -> bool:
        return not self.world.host.image(path).changed

    async def remove(self, path: str) -> None:
        await self.world.step("remove image")
        if path in self.world.host.images and any(each.base == path for each in self.world.host.images.values()):
            self.world.host.violations.append(f"{path} is removed below others")
        self.world.host.images.pop(path, None)
        self.world.saves.pop(Path(path), None)
        await self.world.step("image removed")

    async def protect(self, path: str) -> None:
        await self.world.step("protect")

    async def unprotect(self, path: str) -> None:
        await self.world.step("unprotect")

    def stamp(self, path: str) -> tuple[int, int]:
        image = self.world.host.images.get(path)
        return (-1, 0) if image is None else (len(image.data), image.changed)

    def allocated(self, path: str) -> int:
        return len(self.world.host.image(path).data)

    @contextmanager
    def opened(self, disk: Disk) -> Iterator[OpenedDisk]:
        yield OpenedDisk(disk)

    async def merge(self, wanted: Merge, lower: DiskFormat, tell: Callable[[float], None]) -> None:
        await self.world.step("merge")
        if {wanted.upper, wanted.lower} & {path for guest in self.world.host.guests.values() for path in guest.writes}:
            raise conflict(f"{wanted.upper} is in use")
        self.world.host.merge(wanted.upper, wanted.lower)
        await self.world.step("merge begun")

    async def rebase(self, path: str, layer: Layer) -> None:
        await self.world.step("rebase")
        image = self.world.host.image(path)
        image.base = layer.path
        image.changed += 1
        await self.world.step("rebased")


@dataclass
class SimulatedPreparer:
    """Locks an image for as long as xend or a guest holds it, as a descriptor that the guest inherits does."""

    world: World
    table: Table
    held: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def prepare(self, started: Started) -> AsyncIterator[Resources]:
        await self.world.step("prepare")
        with self._locked(started.config.disks) as disks:
            await self.world.step("prepared")
            yield Resources(disks=disks)

    @asynccontextmanager
    async def open_disk(self, started: Started, disk: Disk) -> AsyncIterator[OpenedDisk]:
        await self.world.step("open disk")
        with self._locked([disk]) as disks:
            await self.world.step("disk opened")
            yield disks[0]

    @asynccontextmanager
    async def attach_vif(self, started: Started, vif: Vif, mac: str) -> AsyncIterator[AttachedVif]:
        yield AttachedVif(vif, mac)

    @contextmanager
    def open_usb(self, started: Started, word: str) -> Iterator[OpenedUsb]:
        yield OpenedUsb(word)

    @contextmanager
    def _locked(self, disks: Sequence[Disk]) -> Iterator[list[OpenedDisk]]:
        paths = {disk.path for disk in disks if disk.mode is DiskMode.WRITE}
        written = {path for guest in self.world.host.guests.values() for path in guest.writes}
        for index, disk in enumerate(disks):
            if disk.path in written | self.held and disk.mode is DiskMode.WRITE:
                raise ResourceError(f"disk[{index}]", conflict(f"{disk.path} is busy"))
        self.held |= paths
        try:
            yield [OpenedDisk(disk) for disk in disks]
        finally:
            self.held -= paths

    async def look(self, config: DomainConfig, file: str, *, trusted: bool) -> Findings:
        return Findings()


@dataclass
class SimulatedFilter:
    world: World
    problem: str = ""

    async def guard(self, ports: Sequence[Port]) -> None:
        await self.world.step("guard")
        self.world.rules |= {port.interface: port for port in ports}
        await self.world.step("guarded")

    async def renew(self, ports: Sequence[Port]) -> None:
        await self.guard([port for port in ports if self.world.rules.get(port.interface) != port])

    async def restore(self, ports: Sequence[Port]) -> None:
        await self.world.step("guard all")
        self.world.rules = {port.interface: port for port in ports}
        await self.world.step("all guarded")

    def sweep(self) -> None:
        there = self.world.interfaces()
        self.world.rules = {name: port for name, port in self.world.rules.items() if name in there}


class SimulatedScripts(Scripts):
    """One script for all cards, of which is kept what it was told last."""

    def __init__(self, world: World) -> None:
        super().__init__(())
        object.__setattr__(self, "world", world)

    world: World

    def find(self, vif: Vif, *, trusted: bool) -> Path:
        return Path("/etc/xen/scripts/vif-own")

    async def run(self, path: Path, action: str, environment: Mapping[str, str]) -> None:
        await self.world.step("begin script")
        self.world.connected[environment["vif"]] = action
        await self.world.step("run script")


async def read_plain(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    """A guest file of `name [disk] [cd] [vcpus] [on_crash] [on_poweroff] [route] [script]`."""
    words = dict(word.split("=", 1) for word in text.split())
    disks = (Disk(target="xvda", path=words["disk"]),) if "disk" in words else ()
    if "cd" in words:
        disks += (Disk("hdc", words["cd"], mode=DiskMode.READ_ONLY, cdrom=True),)
    policy = Policy(
        on_poweroff=EndAction(words.get("on_poweroff", "destroy")),
        on_reboot=EndAction(words.get("on_reboot", "restart")),
        on_crash=EndAction(words.get("on_crash", "restart")),
    )
    vcpus = int(words.get("vcpus", "1"))
    vifs = (Vif(script="vif-route", ip=(words["route"],), gatewaydev="eth0"),) if "route" in words else ()
    vifs += (Vif(script="vif-own", item=len(vifs)),) if "script" in words else ()
    config = DomainConfig(
        name=words["name"], uuid=words.get("uuid"), vcpus=vcpus, disks=disks, vifs=vifs, policy=policy
    )
    return Reading(file, config)


async def read_really(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    """A guest file in its own language."""
    return read(text, file=file, overrides=overrides)


async def inspect_really(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
    """In this process, not in a worker."""
    module, _, function = INSPECTIONS[name].partition(":")
    result: dict[str, Any] = getattr(importlib.import_module(module), function)(arguments, list(descriptors))
    return result


async def edit_really(text: str, file: str, changes: Sequence[Change]) -> Edited:
    return edit(text, file=file, changes=changes)


def request(name: str, *, paused: bool = False, **words: str) -> CreateRequest:
    text = " ".join(f"{key}={value}" for key, value in ({"name": name} | words).items())
    return CreateRequest(text, paused=paused)


async def crash(world: World, manager: Manager, uuid: str) -> None:
    """The guest crashes, and its policy starts it anew."""
    with manager.listen() as listener:
        world.host.crash(uuid)
        async for event in listener:
            if event.uuid == uuid and event.kind is EventKind.REBOOTED:
                return


def started_of(world: World, name: str) -> Started | None:
    """The simulated guest's own idea of what it is."""
    return next((guest.started for guest in world.host.guests.values() if guest.name == name), None)
