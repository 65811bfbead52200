"""The part of a simulated host that outlives xend: its guests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from socket import socket

from xenia.engines.base import EngineEvent
from xenia.engines.simulated.exports import SimulatedExport
from xenia.model.agent import AgentInfo
from xenia.model.bitmap import Bitmap
from xenia.model.domain import EndAction, EndReason, Started, State
from xenia.model.pool import POOL_0, Pool
from xenia.model.scheduling import CGROUP, USUAL_WEIGHT, Share
from xenia.model.stats import Stats
from xenia.model.why import Circumstances


@dataclass(slots=True)
class SimulatedGuest:
    """`deaf` guests ignore the power button, their balloon, new devices, and CPUs that come and go, `frozen` ones hold
    all writes; `boots` counts how often it began at its first instruction; `disks` are the images that it may write to,
    by target, None for a disk that it only reads or shares; `media` tells of each CD-ROM drive whether there is a
    medium in it. `memory` is in MiB; `pins` are the CPUs of the host that each virtual CPU may run on, None for all;
    `soft_pins` those that it rather runs on. `signals` are what it was sent.
    """

    started: Started
    domid: int
    name: str
    memory: int
    max_memory: int
    pins: list[tuple[int, ...] | None]
    share: Share
    soft_pins: dict[int, tuple[int, ...] | None] = field(default_factory=dict)
    disks: dict[str, str | None] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    """The images that its disks are being copied to, by target."""
    exports: dict[str, SimulatedExport] = field(default_factory=dict)
    """Those of its disks that are offered, by target."""
    bitmaps: dict[str, dict[str, Bitmap]] = field(default_factory=dict)
    """Those of its disks, by target and name."""
    media: dict[str, bool] = field(default_factory=dict)
    usb: set[str] = field(default_factory=set)
    pci: set[str] = field(default_factory=set)
    signals: list[str] = field(default_factory=list)
    screens: list[socket] = field(default_factory=list)
    """The guest's ends of the connections to its screen."""
    frozen: bool = False
    cards: set[int] = field(default_factory=set)
    unlinked: set[int] = field(default_factory=set)
    """Those of the cards whose link is down."""
    pool: str = POOL_0
    state: State = State.PAUSED
    end: EndReason | None = None
    detail: str = ""
    deaf: bool = False
    boots: int = 1
    stats: Stats | None = None
    """What a test wants to have been counted; None for what its virtual CPUs, disks and cards have as they begin."""
    circumstances: Circumstances = field(default_factory=Circumstances)

    def close(self) -> None:
        """Its end: whoever is connected to it is cut off."""
        for export in self.exports.values():
            export.close()
        for screen in self.screens:
            screen.close()

    @property
    def writes(self) -> set[str]:
        return {path for path in self.disks.values() if path is not None}


@dataclass(slots=True)
class SimulatedImage:
    """What was written to an image, by place, and the path of the one below it, or ""."""

    base: str = ""
    data: dict[int, int] = field(default_factory=dict)
    changed: int = 0


async def _no_step(name: str) -> None:
    """Where nothing is injected."""


@dataclass(slots=True)
class SimulatedHost:
    """`step` is awaited before and after everything that the engine does here: the place to die, to fail or to wait.

    `deaf` holds the names of guests that will ignore what they are asked, `clinging` of those that keep a disk which is
    to be unplugged, and lock their drives, `ignorant` of those that have no drivers for what is plugged in. `agents`
    are what the agents in guests tell, by the guests' names, and `mute` holds the names of guests whose agents do not
    answer. `like_xen`: it gives domain ids itself, starts no guest over in place, changes the most memory of guests
    that run, gives agents no commands, has pools of CPUs, and has guests of others. `background`: guests are saved
    while they run on.
    """

    step: Callable[[str], Awaitable[None]] = _no_step
    guests: dict[str, SimulatedGuest] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)
    clinging: set[str] = field(default_factory=set)
    ignorant: set[str] = field(default_factory=set)
    agents: dict[str, AgentInfo] = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)
    like_xen: bool = False
    background: bool = False
    last_domid: int = 0
    pools: dict[str, Pool] = field(default_factory=lambda: {POOL_0: Pool(POOL_0, "credit2", (0, 1, 2), 0)})
    """One CPU of four is in none."""
    own_share: Share = field(default_factory=lambda: Share("credit2"))
    """That of Domain-0."""
    images: dict[str, SimulatedImage] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    """What a real hypervisor would have done to the guests' data."""
    assignable: set[str] = field(default_factory=set)
    """The addresses of PCI devices that may be given to guests."""
    log: str = ""
    """The messages of the hypervisor."""
    tell: Callable[[EngineEvent], None] | None = None
    """Where the attached engine listens; None while no xend runs."""

    def start(self, started: Started, disks: dict[str, str | None]) -> SimulatedGuest:
        """Raises RuntimeError when that domain runs or another guest writes one of its images: a real hypervisor would
        run it twice.
        """
        writes = {path for path in disks.values() if path is not None}
        for other in self.guests.values():
            if other.started.uuid == started.uuid or other.writes & writes:
                self._violated(f"{started.config.name} would run beside {other.started.config.name}")
        self.last_domid = self.last_domid + 1 if self.like_xen else started.domid
        config = started.config
        most = max(config.memory, config.max_memory or 0)
        pins: list[tuple[int, ...] | None] = [None] * config.vcpus
        cards = {vif.item for vif in config.vifs}
        deaf = config.name in self.deaf
        share = Share("credit2" if self.like_xen else CGROUP, config.cpu_weight or USUAL_WEIGHT, config.cpu_cap or 0)
        guest = SimulatedGuest(
            started, self.last_domid, config.name, config.memory, most, pins, share, disks=disks, cards=cards, deaf=deaf
        )
        guest.pool = str(config.other.get("pool", POOL_0))
        self.guests[started.uuid] = guest
        return guest

    def plug(self, uuid: str, target: str, path: str | None) -> None:
        """Raises RuntimeError when another guest writes the image, or this one has such a disk."""
        guest = self.guests[uuid]
        if target in guest.disks or any(path in other.writes for other in self.guests.values()):
            self._violated(f"{guest.started.config.name} would get {target} twice, or share {path}")
        guest.disks[target] = path

    def set_aside(self, uuid: str, kept: Started) -> None:
        """The guest becomes another domain, with nothing that a third could want."""
        guest = self.guests.pop(uuid)
        guest.started, guest.name, guest.disks, guest.media, guest.cards = kept, kept.config.name, {}, {}, set()
        self.guests[kept.uuid] = guest

    def let_go(self, uuid: str, device: str | int) -> None:
        """A guest that was asked for a disk or card before gives it up."""
        guest = self.guests[uuid]
        if isinstance(device, str):
            del guest.disks[device]
        else:
            guest.cards.remove(device)
        self._told(EngineEvent(uuid, guest.state, unplugged=device))

    def image(self, path: str) -> SimulatedImage:
        """One that nobody has made is an empty one."""
        return self.images.setdefault(path, SimulatedImage())

    def read(self, path: str) -> dict[int, int]:
        """What is seen through an image."""
        image = self.image(path)
        return (self.read(image.base) if image.base else {}) | image.data

    def write(self, uuid: str, target: str, place: int, value: int) -> None:
        """A guest writes to its disk. Raises RuntimeError where others are based on the image: they would break."""
        path = self.guests[uuid].disks[target] or ""
        if any(image.base == path for image in self.images.values()):
            self._violated(f"{path} is written to below others")
        image = self.image(path)
        image.data[place] = value
        image.changed += 1

    def merge(self, upper: str, lower: str) -> None:
        """What `upper` has is in `lower` as well."""
        below = self.image(lower)
        below.data |= self.image(upper).data
        below.changed += 1

    def _violated(self, what: str) -> None:
        self.violations.append(what)
        raise RuntimeError(what)

    def start_foreign(self, started: Started) -> None:
        """Somebody else starts a guest."""
        guest = self.start(started, {})
        guest.state = State.RUNNING
        found = replace(started, domid=guest.domid, foreign=True)
        self._told(EngineEvent(started.uuid, State.RUNNING, found=found))

    def power_off(self, uuid: str) -> None:
        """The guest powers itself off; what it was stays until it is destroyed."""
        self._ends(uuid, State.SHUTDOWN, EndReason.POWEROFF)

    def crash(self, uuid: str) -> None:
        """The guest's kernel panics."""
        self._ends(uuid, State.CRASHED, EndReason.CRASH, "the guest's kernel panicked")

    def reboot(self, uuid: str) -> None:
        """The guest resets itself: in place where its policy is to restart, else it ends."""
        guest = self.guests[uuid]
        if guest.started.config.policy.on_reboot is EndAction.RESTART and not self.like_xen:
            guest.boots += 1
            guest.frozen = False
            self._told(EngineEvent(uuid, State.RUNNING, EndReason.REBOOT))
        else:
            self._ends(uuid, State.SHUTDOWN, EndReason.REBOOT)

    def kill(self, uuid: str) -> None:
        """The guest's process is gone all of a sudden."""
        del self.guests[uuid]
        self._told(EngineEvent(uuid, State.DYING, EndReason.CRASH, "killed by signal 9"))

    def _ends(self, uuid: str, state: State, reason: EndReason, detail: str = "") -> None:
        guest = self.guests[uuid]
        guest.state, guest.end, guest.detail = state, reason, detail
        self._told(EngineEvent(uuid, state, reason, detail))

    def _told(self, event: EngineEvent) -> None:
        if self.tell is not None:
            self.tell(event)
