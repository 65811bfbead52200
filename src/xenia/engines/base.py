"""The contract of an engine, small enough that QEMU, Xen and a simulation keep it alike.

An engine starts and ends guests and tells what happens to them. It knows nothing of guest files, names in use,
policies or permissions: manager decides those, prepares the resources (open images, kernel, cards) and hands them
over. What not every engine can do stands in its report's capabilities.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from socket import socket
from typing import Protocol

from xenia.model.agent import ShutdownMode
from xenia.model.bitmap import Bitmap
from xenia.model.complaint import Complaint
from xenia.model.display import VncRules
from xenia.model.domain import DomainConfig, EndReason, Started, State
from xenia.model.host import Capability, EngineReport, Host
from xenia.model.layers import Merge
from xenia.model.pool import Pool
from xenia.model.save import SaveInfo
from xenia.model.scheduling import Share
from xenia.model.stats import Stats
from xenia.model.vcpu import Vcpu
from xenia.model.why import Circumstances
from xenia.network.attach import AttachedVif
from xenia.storage.kernel import PreparedBoot
from xenia.storage.open import OpenedDisk
from xenia.storage.usb import OpenedUsb


class ConsoleKind(StrEnum):
    PARAVIRTUAL = "pv"
    """hvc0 in a Linux guest."""
    SERIAL = "serial"
    """ttyS0, COM1."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What an engine knows of one domain now.

    `state` is one of RUNNING, BLOCKED, PAUSED, SHUTDOWN, CRASHED, DYING. `detail` tells of its end in words, where it
    has ended. `consoles` are the pipes that take what is typed on its text consoles, what it says is in their logs; or
    terminals that somebody else may read as well. `vnc` is `address:display`; `vifs` the host's ends of its cards, in
    list order. `domid` is its id where the engine gives them, else None.

    What is found again after a xend has died in between: `disks` are the targets of the disks that it has, `cards` the
    numbers of its cards, `media` its drives whose medium can be changed and whether there is one in them, `usb` its USB
    devices, `pci` the addresses of its PCI devices of the host. None where that is not known.
    """

    uuid: str
    state: State
    end: EndReason | None = None
    detail: str = ""
    consoles: Mapping[ConsoleKind, Path] = field(default_factory=dict)
    vnc: str | None = None
    vifs: tuple[str, ...] = ()
    domid: int | None = None
    disks: frozenset[str] | None = None
    cards: frozenset[int] | None = None
    media: Mapping[str, bool] | None = None
    usb: frozenset[str] | None = None
    pci: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a domain uses now: CPU time in seconds, memory in MiB, CPUs; None where its configuration tells it."""

    cpu_time: float = 0.0
    memory: int | None = None
    max_memory: int | None = None
    vcpus: int | None = None


class SaveSink(Protocol):
    """Where an engine puts what it saves. Raises OSError where that takes no more."""

    async def state(self, source: int, *, memory: int, expected: int = 0) -> None:
        """Take the state of a guest from a pipe, up to its end; `memory` is how many bytes of memory follow, `expected`
        about how many of state come, where they are many.
        """

    async def memory(self, source: int) -> None:
        """Copy the memory of a guest from an open file. After `state`; not called where the state has the memory in
        it.
        """


class SaveSource(Protocol):
    """What an engine restores from: every byte of it is checked before it is handed over. Raises invalid for one that
    has changed since, OSError.
    """

    @property
    def info(self) -> SaveInfo: ...

    @property
    def trusted(self) -> bool:
        """Whether nobody but xend can have written it."""

    @property
    def memory(self) -> int:
        """Bytes of memory; 0 where the state has it in it."""

    @property
    def template(self) -> int | None:
        """The memory as an open file that no other guest can change: this one may map it for itself. None where it is
        to be copied.
        """

    async def fill(self, memory: int) -> None:
        """Copy the memory into an open file that has nothing in it."""

    async def feed(self, state: int) -> None:
        """Write the state into a pipe."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What manager has prepared for a start; the engine uses it during `start` and keeps nothing open that it did not
    hand to the guest.
    """

    disks: Sequence[OpenedDisk] = ()
    vifs: Sequence[AttachedVif] = ()
    boot: PreparedBoot | None = None
    usb: Sequence[OpenedUsb] = ()
    """Devices of the host."""
    save: SaveSource | None = None
    """What the guest goes on from, instead of booting; only with the capability SAVE."""
    variables: Path | None = None
    """Where the firmware of a UEFI guest keeps what is to last; made by the engine where it is not there."""

    def notes(self) -> tuple[tuple[str, str], ...]:
        """What the author of the guest file should know, as (key or item, note)."""
        disks = ((f"disk[{opened.disk.item}]", note) for opened in self.disks for note in opened.notes)
        vifs = ((f"vif[{attached.vif.item}]", note) for attached in self.vifs for note in attached.notes)
        return (*disks, *vifs, *(self.boot.notes if self.boot else ()))


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something happened to a guest without our asking, or by our asking.

    `state` is where it is now, DYING meaning that it is gone altogether; `end` says why, when it has ended or reset
    itself. `found` is what is known of a domain that appears without our doing: somebody else has started it.
    `unplugged` is the target of a disk, or the number of a card, that the guest has let go of after `detach_disk` or
    `detach_vif` had given up.
    """

    uuid: str
    state: State
    end: EndReason | None = None
    detail: str = ""
    found: Started | None = None
    unplugged: str | int | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a configuration becomes on this engine: what `create --dryrun` shows.

    `complaints` say what was translated, has no effect or cannot be; one of severity ERROR means that a start would
    be refused. `rendered` is the engine's own form (QEMU's arguments one to a line, an xl.cfg). `assumed` are
    sentences on what was taken for granted about the host, where this engine has not been probed.
    """

    complaints: tuple[Complaint, ...] = ()
    rendered: str = ""
    assumed: tuple[str, ...] = ()


class Engine(Protocol):
    name: str
    assigns_ids: bool
    """Whether it gives domain ids itself; `start` then tells them, else they are given to it."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do here; known after `probe`."""

    async def probe(self) -> EngineReport:
        """What this engine can do here. Called once when xend starts, before anything else."""

    async def recover(self, started: Sequence[Started]) -> list[Observed]:
        """Find again what runs of `started` (what an earlier xend had written down) and connect to it.

        Called once, after `probe`. What is not in the result does not run. A guest that runs but does not answer is
        in it, as PAUSED. Domains of others that run already are told by events.
        """

    def explain(self, config: DomainConfig) -> Meaning:
        """What `config` becomes here; looks at nothing outside it, needs no resource."""

    def set_vnc(self, rules: VncRules) -> None:
        """What holds for guests that are started from now on. Where an engine cannot offer a screen as `rules` and the
        guest file have it, it does not: then it is offered through `open_screen`.
        """

    async def start(self, started: Started, resources: Resources) -> Observed:
        """Start a guest with its CPUs stopped and return once it is under control.

        Raises engine_failed with the engine's own words when it dies or does not answer; then nothing of it is left.
        With a save it also raises what speaks against restoring it here.
        May add what it decided for the guest ABI (machine type, CPU model) through `abi_of`.
        """

    def abi_of(self, config: DomainConfig) -> dict[str, str]:
        """The guest ABI a first start of `config` would have; recorded by manager and passed back in `Started.abi`
        ever after.
        """

    async def unpause(self, uuid: str) -> None:
        """Let the CPUs run. Raises engine_failed."""

    async def pause(self, uuid: str) -> None:
        """Stop the CPUs. Raises engine_failed."""

    async def shutdown(
        self, uuid: str, *, reboot: bool = False, mode: ShutdownMode = ShutdownMode.AUTO
    ) -> ShutdownMode:
        """Ask the guest to power itself off, or to reboot; returns when it was asked, and how. That it has is told by
        an event.

        An engine that cannot ask for a reboot asks for a power-off: manager starts the guest over. Raises
        engine_failed, and for a `mode` other than AUTO what speaks against just that one.
        """

    async def reset(self, uuid: str) -> None:
        """Start the guest over with the same devices, from its first instruction; for a guest that has ended with
        REBOOT and is to run again. Only with the capability RESET.
        """

    async def set_memory(self, uuid: str, size: int) -> int:
        """Have the guest take memory, or give it back, until it has `size` MiB; at most what it was started with. Only
        with the capability MEMORY.

        The guest does it itself. Returns what it has when it has got there, or has not within some seconds. Raises
        invalid for a guest that has no balloon, unavailable where the host has too little memory, engine_failed.
        """

    async def set_vcpus(self, started: Started, count: int) -> int:
        """Have a guest come to `count` virtual CPUs; at most what `started` lets it have. Only with the capability
        VCPUS.

        The guest itself takes them and lets go of them. Returns how many it has when it has got there, or has not
        within some seconds. Raises invalid for a guest or a host with which that is not possible, engine_failed.
        """

    async def set_max_memory(self, uuid: str, size: int) -> None:
        """Let the guest have at most `size` MiB. Raises engine_failed. Only with the capability MAX_MEMORY."""

    async def rename(self, uuid: str, name: str) -> None:
        """Give the guest another name, which no other has. Raises engine_failed, and then it has the old one.

        `recover` finishes what an xend was cut off in: a guest has the name of its as-started configuration then.
        """

    async def set_aside(self, uuid: str, kept: Started) -> None:
        """Let a guest that has ended become the domain `kept`, of another UUID and name, so that another can be started
        in its place. It lets go of its disks, its cards and its display; its memory stays, and can be dumped.

        Nothing is told. Raises engine_failed, unavailable: then it is still the domain `uuid`, and has perhaps let go
        of some.
        """

    async def destroy(self, uuid: str) -> None:
        """End the guest at once and return when nothing of it is left. Silent when there is none."""

    def observe(self, uuid: str) -> Observed | None:
        """What is known of a guest, from memory."""

    async def figures(self, uuid: str | None = None) -> Mapping[str, Figures]:
        """What each guest uses, or one, by UUID; read now, cheaply. Of all, Domain-0 is among them where the engine
        knows it better than the kernel does. What `observe` tells of them is current after it.
        """

    async def stats(self, uuid: str | None = None) -> Mapping[str, Stats]:
        """What has been counted of each guest, or of one, by UUID; read now, in one pass. Domain-0 is among them where
        the engine counts it. A guest that ends meanwhile may be missing. Raises engine_failed, unavailable.
        """

    async def circumstances(self, started: Started) -> Circumstances:
        """What weighs on a guest that runs, beside what is counted. Raises engine_failed."""

    async def vcpus(self) -> Mapping[str, tuple[Vcpu, ...]]:
        """The virtual CPUs of each guest, by UUID, in order. Domain-0 is among them where the engine gives it some.

        Raises engine_failed. A guest that does not answer is not among them.
        """

    async def pin(self, uuid: str, number: int | None, cpus: tuple[int, ...] | None, *, soft: bool = False) -> None:
        """Let a virtual CPU of a guest (None: each of them) run on these CPUs of the host only (None: on all); or, with
        `soft`, on these rather than on others (only with the capability SOFT_AFFINITY).

        Raises not_found for one that the guest does not have, engine_failed.
        """

    async def refine(self, host: Host) -> Host:
        """The host's figures, corrected where a hypervisor knows better than the kernel of Domain-0."""

    def events(self) -> AsyncIterator[EngineEvent]:
        """What happens, in order, without end. One reader."""

    async def close(self) -> None:
        """Let go of the guests; they run on."""


class Plugged(StrEnum):
    """What has become of a device that was plugged into a guest."""

    TAKEN = "taken"
    IGNORED = "ignored"
    """The guest's system is up, and has not taken it."""
    UNSEEN = "unseen"
    """Nothing tells that the guest has a system that could."""


UNSEEN_SECONDS = 1.0
"""How long a guest whose system is not up is given to take a device all the same."""


class Plugs(Protocol):
    """What an engine with the capability DISK_HOTPLUG or VIF_HOTPLUG can do beside that."""

    async def how_taken(self, uuid: str, device: str | int, seconds: float) -> Plugged:
        """What becomes of a disk (by its target) or a card (by its number) within so many seconds: TAKEN or UNSEEN as
        soon as that is known, IGNORED after them. Raises engine_failed.
        """


class PlugsDisks(Plugs, Protocol):
    """What an engine with the capability DISK_HOTPLUG can do beside that."""

    async def attach_disk(self, started: Started, opened: OpenedDisk) -> None:
        """Plug a disk into a guest, which finds it in its own time; `started` is the domain as it is with the disk.

        Raises invalid for a disk that cannot be plugged into a guest that runs, engine_failed; then it has none of it.
        """

    async def detach_disk(self, uuid: str, target: str) -> None:
        """Have the guest let go of a disk, and return when it has and the image is closed.

        Raises timed_out when the guest does not, engine_failed: then it still has it. When it lets go of it after all,
        an event tells.
        """


Guard = Callable[[str], Awaitable[None]]
"""Is called with the name of the host's end of a card when that is there, and before the guest can send through it."""


class PlugsCards(Plugs, Protocol):
    """What an engine with the capability VIF_HOTPLUG can do beside that."""

    async def attach_vif(self, started: Started, attached: AttachedVif, guard: Guard) -> None:
        """As PlugsDisks.attach_disk, a card. Its number in the domain is `attached.vif.item`. Raises what `guard`
        raises.
        """

    async def detach_vif(self, uuid: str, number: int) -> None:
        """As PlugsDisks.detach_disk, a card."""


class LinksCards(Protocol):
    """What an engine with the capability VIF_LINK can do beside that. A guest starts with all links up."""

    async def set_link(self, uuid: str, number: int, *, up: bool) -> None:
        """Pull out the cable of a card, or put it in; it may be so already. Raises engine_failed."""


class ChangesMedia(Protocol):
    """What an engine with the capability MEDIUM_CHANGE can do beside that."""

    async def change_medium(self, uuid: str, opened: OpenedDisk, *, force: bool) -> None:
        """Put another medium into a CD-ROM drive; or none, where `opened` has no layers.

        Raises invalid for a disk that is no such drive, a conflict when the guest has locked the drive and `force` is
        not set, engine_failed. `Observed.media` tells whether the old medium is still in it then.
        """


class WorksOnDisks(Protocol):
    """What an engine with the capability LIVE_DISKS can do beside that. While a disk is copied, its guest cannot be
    saved, and gets no overlays: those raise a conflict.
    """

    async def written_to(self, uuid: str) -> Mapping[str, str]:
        """As LayersDisks.written_to."""

    async def grow_disk(self, started: Started, target: str, size: int) -> bool:
        """Make what the guest writes to as its disk `target` `size` bytes large; it was not larger before. Whether the
        guest is told of it. Raises engine_failed.
        """

    async def begin_move(self, uuid: str, opened: OpenedDisk) -> None:
        """Begin to copy what the guest has as the disk of that target to the image in `opened`, which is empty and of
        the same size. What the guest writes meanwhile gets into both. Raises engine_failed.
        """

    async def until_copied(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        """Return when both are the same but for what the guest just writes; `tell` is told how much is copied, from 0
        to 1. Raises engine_failed, also when the guest has ended.
        """

    async def switch(self, uuid: str, target: str, switched: Callable[[], Awaitable[None]]) -> None:
        """Have the guest use the new image, and let go of the old one. It stands still while `switched` is called: both
        images are the same then, and what it had written is on the disk. Raises engine_failed: then it has the old one,
        and what `switched` raises: then it has the new one, and stands still. `written_to` tells which.
        """

    async def give_up_move(self, uuid: str, target: str) -> None:
        """Let go of an image that is being copied to. One of an earlier xend is given up by `recover`. Silent."""

    async def begin_flatten(self, uuid: str, target: str) -> None:
        """Begin to copy into the image that the guest writes to what it is based on. Raises engine_failed."""

    async def until_flattened(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        """Return when it stands alone; `tell` as for `until_copied`. Cancelled or failed, it is based on the other one
        still, and some of that is copied. Raises engine_failed.
        """


class ExportsDisks(Protocol):
    """What an engine with the capability DISK_EXPORT can do beside that. While a disk is exported, it is not copied and
    not unplugged, and its guest is not saved and gets no overlays: those raise a conflict.
    """

    async def disk_size(self, uuid: str, target: str) -> int:
        """What the guest sees of a disk, in bytes. Raises engine_failed."""

    async def begin_export(self, uuid: str, store: OpenedDisk, listener: socket, bitmap: str = "") -> None:
        """Offer what the guest has as the disk of that target now, over NBD and read-only, to all who connect to
        `listener`, while the guest writes on. What it overwrites is kept in the image in `store`, which is empty and of
        the same size; where that takes no more, nothing of what is offered can be read from then on. With `bitmap`,
        what was changed since that was made is told with it: at least what was changed until now.

        Raises not_found for a bitmap that the disk does not have, unavailable for an engine that is too old, a conflict
        while a disk is exported or copied already or for a bitmap of no use, engine_failed; then it is not offered.
        """

    async def end_export(self, uuid: str, target: str) -> None:
        """Offer it no more, and let go of `store`. One of an earlier xend is ended by `recover`. Silent."""

    async def bitmaps(self, uuid: str, target: str) -> Sequence[Bitmap]:
        """The bitmaps of the image that a disk writes to. They are kept in it, also when the guest has ended; one that
        could not be says so. Those of images that it is based on are none of the disk's: a disk that gets an overlay,
        or is moved, has none any more, also when the overlay is merged away again. Raises engine_failed.
        """

    async def add_bitmap(self, uuid: str, target: str, name: str) -> None:
        """Record what is changed from now on. Raises a conflict where there is such a bitmap, engine_failed."""

    async def remove_bitmap(self, uuid: str, target: str, name: str) -> None:
        """Raises not_found, engine_failed."""


class SharesCpuTime(Protocol):
    """What an engine with the capability SCHEDULING can do beside that. A guest starts with the weight and the cap of
    its configuration.
    """

    async def shares(self) -> Mapping[str, Share]:
        """The share of each guest, by UUID. Domain-0 is among them where it is a guest of a hypervisor, and none that a
        scheduler without weights runs. Raises engine_failed.
        """

    async def set_share(self, uuid: str, share: Share) -> None:
        """Give a guest this share, of the scheduler that it has. Raises engine_failed."""


class CpuPools(Protocol):
    """The host's CPUs, divided. Manager has seen to it that the pools, CPUs and domains are there; all raise
    engine_failed with the words of the hypervisor's tools.
    """

    async def all(self) -> Sequence[Pool]: ...

    async def create(self, name: str, scheduler: str, cpus: tuple[int, ...]) -> None: ...

    async def destroy(self, name: str) -> None: ...

    async def add(self, name: str, cpus: tuple[int, ...]) -> None: ...

    async def remove(self, name: str, cpus: tuple[int, ...]) -> None: ...

    async def rename(self, old: str, new: str) -> None: ...

    async def split(self) -> None:
        """One pool for each NUMA node in the place of the only one."""

    async def move(self, uuid: str, name: str) -> None:
        """Put a guest into a pool."""


class DividesCpus(Protocol):
    """What an engine with the capability CPU_POOLS has beside that."""

    @property
    def pools(self) -> CpuPools: ...


class DumpsCores(Protocol):
    """What an engine with the capability CORE_DUMP can do beside that."""

    async def dump_core(self, uuid: str, core: int, *, live: bool, tell: Callable[[float], None]) -> None:
        """Write the memory of a guest, which may have ended, to the open file `core`, in ELF.

        Its CPUs stand still until it is done, unless `live`, which needs the capability LIVE_CORE_DUMP. `tell` is told
        from time to time how much of it is done, from 0 to 1. Raises engine_failed, and OSError where the file takes no
        more. Whatever ends it, nothing goes on writing, and a guest that ran runs on.
        """


class Saves(Protocol):
    """What an engine with the capability SAVE can do beside that; `start` restores."""

    async def save(self, started: Started, sink: SaveSink) -> dict[str, str]:
        """Stop the CPUs of a guest and put its memory and the state of its devices into `sink`; it stands still then,
        and its images are written out. The traits of the save, for `SaveInfo`.

        `unpause` lets it go on, also when this has failed or an xend has died in it; `destroy` ends it. Raises
        engine_failed for a guest that cannot be saved, OSError where the sink takes no more.
        """

    async def why_not_running(self, uuid: str) -> str:
        """Why this guest, which runs, cannot be saved while it runs on; "" where it can."""


class SavesRunning(Protocol):
    """What an engine can do beside that with a guest of which `Saves.why_not_running` says nothing."""

    async def save_running(
        self, started: Started, sink: SaveSink, meanwhile: Callable[[], Awaitable[None]]
    ) -> tuple[dict[str, str], float]:
        """Put a guest that runs into `sink` as it is in one moment; it stands still for that alone, and `meanwhile` is
        done. The traits of the save, and the seconds for which it stood still.

        Whatever this raises, the guest runs on: what `meanwhile` raises, and as Saves.save.
        """


Around = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Is given something to be done, and does it at the right moment."""


async def at_once(act: Callable[[], Awaitable[None]]) -> None:
    """An Around that has nothing to wait for."""
    await act()


class HoldsGuests(Protocol):
    """What an engine with the capabilities SAVE and LAYERS can do beside that, for guests that are held without being
    domains.
    """

    def own_memory(self, uuid: str) -> int:
        """Bytes of the host's memory that a guest has to itself, without what it shares with others; 0 for one that is
        gone.
        """

    def forget_logs(self, name: str) -> None:
        """Remove the logs of a guest that has ended, and that nobody has known. Raises OSError."""


class LayersDisks(Protocol):
    """What an engine with the capability LAYERS can do beside that: a guest that runs is given overlays, and loses
    layers again. Paths are absolute, and the real ones.
    """

    async def written_to(self, uuid: str) -> Mapping[str, str]:
        """The image that each disk of a guest writes to now, by its target. Raises engine_failed."""

    async def put_overlays(
        self, uuid: str, overlays: Sequence[OpenedDisk], identity: str, around: Around = at_once
    ) -> None:
        """Have a guest write to these overlays, which are based on what it writes to now, all from the same moment on.
        Of each only the first layer is there; `identity` is a word of eight hexadecimal digits that no other overlay of
        the guest has. What is below them may be read by others from then on. When all is prepared, `around` is called
        with what has them used, and calls that once.

        Raises engine_failed, and then none is used; and what `around` raises.
        """

    async def merge(
        self, uuid: str, wanted: Merge, switched: Callable[[], Awaitable[None]], tell: Callable[[float], None]
    ) -> None:
        """Put what a layer has into what is below it, and do without that layer from then on.

        `switched` is called as soon as it is so, and before the guest writes on. `tell` is told how much is done, from
        0 to 1. Called again after an xend has died in it, it goes on or is done. Raises engine_failed; cancelled or
        failed, it changes nothing that can be read through the upper layer. Raises what `switched` raises, and then the
        guest does not write on: its CPUs stand still.
        """


class OpensScreens(Protocol):
    """What an engine with the capability VNC can do beside that."""

    async def open_screen(self, uuid: str) -> socket:
        """A connection to the screen of a guest, on which RFB (RFC 6143) is spoken without a password; it does not
        block. Raises invalid for a guest without a screen, engine_failed.
        """


class ShowsScreens(Protocol):
    """What an engine with the capability SCREENSHOT can do beside that."""

    async def screenshot(self, uuid: str, picture: int) -> bool:
        """Write what the screen of a guest shows to an open file, as PNG; whether it has a screen. Raises
        engine_failed.
        """
