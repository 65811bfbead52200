"""A domain: what its guest file asks for, what was decided once, what runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from xenia.model.boot import Boot
from xenia.model.disk import Disk
from xenia.model.display import Display
from xenia.model.seal import Seal
from xenia.model.start_order import StartOrder
from xenia.model.vif import Vif

DOMAIN_0_NAME = "Domain-0"
DOMAIN_0_UUID = "00000000-0000-0000-0000-000000000000"

AGENT_PORT = "org.qemu.guest_agent.0"
"""The name under which qemu-guest-agent looks for its channel (qga/main.c, QGA_VIRTIO_PATH_DEFAULT)."""

UNNUMBERED = -1
"""In the place of a domain id: its engine has not given it one yet."""


class Kind(StrEnum):
    HVM = "hvm"
    """Unmodified: firmware and emulated devices."""
    PV = "pv"
    PVH = "pvh"


class State(StrEnum):
    """Where a domain is. `DEFINED` is the only state without a domain id."""

    DEFINED = "defined"
    """A guest file names it; it does not run."""
    STARTING = "starting"
    RUNNING = "running"
    BLOCKED = "blocked"
    """Running, and waiting for something to do (only Xen tells)."""
    PAUSED = "paused"
    SHUTDOWN = "shutdown"
    """It has powered itself off and is kept, to be looked at or to be started over."""
    CRASHED = "crashed"
    """It has crashed and is kept, to be looked at or to be started over."""
    DYING = "dying"

    @property
    def letters(self) -> str:
        """The six state columns of xm list: r running, b blocked, p paused, s shut down, c crashed, d dying."""
        return _LETTERS[self]


_LETTERS = {
    State.DEFINED: "------",
    State.STARTING: "--p---",
    State.RUNNING: "r-----",
    State.BLOCKED: "-b----",
    State.PAUSED: "--p---",
    State.SHUTDOWN: "---s--",
    State.CRASHED: "----c-",
    State.DYING: "-----d",
}

ALIVE = frozenset({State.STARTING, State.RUNNING, State.BLOCKED, State.PAUSED})
"""The states in which a guest exists that can be lost."""


class EndReason(StrEnum):
    """Why a guest came to its end."""

    POWEROFF = "poweroff"
    REBOOT = "reboot"
    CRASH = "crash"
    """The guest crashed, or its device model died under it."""
    DESTROYED = "destroyed"


class EndAction(StrEnum):
    """What happens then: the values of on_poweroff, on_reboot and on_crash."""

    DESTROY = "destroy"
    RESTART = "restart"
    PRESERVE = "preserve"
    RENAME_RESTART = "rename-restart"
    COREDUMP_DESTROY = "coredump-destroy"
    COREDUMP_RESTART = "coredump-restart"


@dataclass(frozen=True, slots=True)
class Policy:
    on_poweroff: EndAction = EndAction.DESTROY
    on_reboot: EndAction = EndAction.RESTART
    on_crash: EndAction = EndAction.RESTART

    def action(self, reason: EndReason) -> EndAction:
        match reason:
            case EndReason.POWEROFF:
                return self.on_poweroff
            case EndReason.REBOOT:
                return self.on_reboot
            case EndReason.CRASH:
                return self.on_crash
            case EndReason.DESTROYED:
                return EndAction.DESTROY


@dataclass(frozen=True, slots=True)
class Platform:
    """The board: what is emulated beside disks, cards and display."""

    acpi: bool = True
    apic: bool = True
    pae: bool = True
    viridian: bool = False
    localtime: bool = False
    rtc_timeoffset: int = 0
    usb: bool = False
    usb_devices: tuple[str, ...] = ()
    sound: str | None = None
    serial: tuple[str, ...] = ()
    agent: bool | None = None
    """Whether it has a way to an agent in the guest; None: the engine decides."""


@dataclass(frozen=True, slots=True)
class DomainConfig:
    """What a guest file means, whatever the engine. Memory is in MiB.

    `cpus` are the CPUs of the host that all virtual CPUs may use (`0-3,^1`), None for any; `vcpu_pins` has such a set
    for each virtual CPU in turn instead, and those beyond its end may use any.

    `other` keeps the values of known keys that no field holds, as they were written (for `list -l`, for engines that
    pass them on).
    """

    name: str
    kind: Kind = Kind.PV
    uuid: str | None = None
    memory: int = 128
    max_memory: int | None = None
    vcpus: int = 1
    max_vcpus: int | None = None
    cpus: str | None = None
    vcpu_pins: tuple[str, ...] = ()
    cpu_weight: int | None = None
    cpu_cap: int | None = None
    boot: Boot = field(default_factory=Boot)
    disks: tuple[Disk, ...] = ()
    vifs: tuple[Vif, ...] = ()
    display: Display = field(default_factory=Display)
    policy: Policy = field(default_factory=Policy)
    order: StartOrder = field(default_factory=StartOrder)
    platform: Platform = field(default_factory=Platform)
    other: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a configuration came from: the guest file and the `key=value` words of the command line. `file` is an
    absolute path, or "" for a text without one.
    """

    file: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where relative paths of it begin; "" where there is no file."""
        return str(PurePath(self.file).parent) if self.file else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """That a domain has ended other than it should have: when, in seconds since the epoch, and why in words."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """That a domain is in a save of xend's own, `file`, since `at` (seconds since the epoch), and what it had: `memory`
    in MiB. `seal` is there when the save is whole.
    """

    at: float
    file: str
    memory: int
    vcpus: int
    kind: Kind
    disks: tuple[Disk, ...] = ()
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class DomainRecord:
    """What Xenia decided once for a domain and must keep (`var/lib/xenia/domains/UUID.json`).

    `macs` are the addresses of its cards in list order, given or generated. `abi` is the guest ABI per engine name:
    versioned machine type, CPU model ... as that engine recorded them at the first start. `generation` is a UUID that
    the guest is told, and that becomes another one when it goes back in time or begins as a copy (Microsoft, Virtual
    Machine Generation ID); "" for a new one at the next start. `ending` is set when it has crashed or was not started
    again, until it is started the next time; `suspended` while it is, or is about to be, or has just gone on: one that
    runs is not.
    """

    uuid: str
    name: str
    definition: Definition = field(default_factory=Definition)
    macs: tuple[str, ...] = ()
    abi: dict[str, dict[str, str]] = field(default_factory=dict)
    generation: str = ""
    ending: Ending | None = None
    suspended: Suspension | None = None


class Phase(StrEnum):
    """How far a domain's start or end has come: what `reconcile` does after xend died follows from it."""

    STARTING = "starting"
    """Not yet promised to anybody: rolled back."""
    WARM = "warm"
    """A clone that is held ready and is nobody's yet: ended."""
    RUNNING = "running"
    """Kept."""
    RESTARTING = "restarting"
    """To be started over by its policy: begun again from the start."""
    ENDING = "ending"
    """To be destroyed: finished."""


class Intent(StrEnum):
    """What the administrator asked a running guest to do by itself."""

    NONE = "none"
    SHUTDOWN = "shutdown"
    REBOOT = "reboot"
    STOP = "stop"
    """To shut down with the host, whatever its policies are."""


@dataclass(frozen=True, slots=True)
class Saving:
    """A save after which the domain is to end: once `file` is the save `id`, it is not to run on."""

    file: str
    id: str


@dataclass(frozen=True, slots=True)
class Moving:
    """A disk that moves to another image while its domain runs: what it is to be. The new file is `hidden`, a path;
    once `named`, it may have the name that it is to have.
    """

    disk: Disk
    hidden: str
    named: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The as-started configuration of a domain (`run/xenia/domains/UUID/started.json`): what runs, and starts over.

    `domid` is the domain id; `engine` the name of the engine that runs it; `started_at` seconds since the epoch.
    `paused` and `intent` are what the administrator wants of it. `frozen`: its file systems were, or were to be, frozen
    by its agent, and are to be thawed. `end` is set once it has ended and is kept, and `why` tells of it in words: to
    be looked at (preserve), or until it is started over at `restart_at`. `restarts` are the times at which it was
    started over by itself lately (manager.brake). `kept_of` is the UUID of the domain of which this is the dead guest,
    kept under another name (rename-restart). `trusted`: an administrator started it, so its paths may name any file of
    the host. `foreign`: others have started it and keep its policies; it is shown and can be managed, but nothing is
    written down of it. `saving` is set while it is saved to end then, `moving` while one of its disks moves.
    `generation` is that of its record.
    """

    uuid: str
    domid: int
    config: DomainConfig
    definition: Definition
    macs: tuple[str, ...]
    engine: str
    started_at: float
    phase: Phase = Phase.STARTING
    intent: Intent = Intent.NONE
    paused: bool = False
    frozen: bool = False
    end: EndReason | None = None
    why: str = ""
    restart_at: float | None = None
    restarts: tuple[float, ...] = ()
    kept_of: str = ""
    trusted: bool = False
    foreign: bool = False
    saving: Saving | None = None
    moving: Moving | None = None
    abi: dict[str, str] = field(default_factory=dict)
    generation: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain as it is shown: one row of xm list. `memory` in MiB, `cpu_time` in seconds."""

    name: str
    uuid: str
    domid: int | None
    state: State
    memory: int
    max_memory: int
    vcpus: int
    cpu_time: float
    kind: Kind
    engine: str
    started_at: float | None = None
    vnc: str | None = None
    """`address:display`, where VNC can be reached."""
    rdp: str | None = None
    """`address:port`, where RDP clients reach its screen."""
    file: str = ""
    files: tuple[str, ...] = ()
    """All files in /etc/xen that define it, told where domains are listed with those that do not run."""
    problem: str = ""
    """Why its file, which cannot be used, defines nothing: then the name is the file's, and the figures are 0."""
    autostart: bool = False
    """Whether a file that defines it, or that it was started from, is linked in /etc/xen/auto."""
    vifs: tuple[str, ...] = ()
    """The host's ends of its cards (`vif3.0`), in list order; `user` for user-mode networking."""
    ending: str = ""
    """How it came to be where it is, where it has crashed or was not started again, and what is done about it."""
    suspended: bool = False
    """It does not run, and goes on where it was when it is resumed."""
    tags: tuple[str, ...] = ()
    """Those of its guest file in /etc/xen; where it has none there, those it was started with."""
