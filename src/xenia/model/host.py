"""The machine that xend runs on, and what its engine can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Capability(StrEnum):
    """What an engine may or may not be able to do; the operations table asks for them."""

    PAUSE = "pause"
    CONSOLE = "console"
    VNC = "vnc"
    HVM = "hvm"
    PV = "pv"
    PVH = "pvh"
    RESET = "reset"
    """A guest starts over in place, under its id; elsewhere it is started anew and gets another one."""
    MEMORY = "memory"
    """Guests take memory and give it back while they run."""
    MAX_MEMORY = "max-memory"
    """The most that they may have can be changed while they run."""
    VCPUS = "vcpus"
    """Virtual CPUs come and go while a guest runs."""
    CPU_POOLS = "cpu-pools"
    """The host's CPUs are divided into pools, each with a scheduler of its own."""
    SOFT_AFFINITY = "soft-affinity"
    """Virtual CPUs may prefer CPUs of the host that they are not bound to."""
    SCHEDULING = "scheduling"
    """CPU time is shared out by weight and cap."""
    ADOPT = "adopt"
    """Domains that others have started are seen, and can be taken over."""
    DISK_HOTPLUG = "disk-hotplug"
    """Disks are plugged into guests that run, and unplugged."""
    VIF_HOTPLUG = "vif-hotplug"
    """Cards are plugged into guests that run, and unplugged."""
    VIF_LINK = "vif-link"
    """The link of a card goes down and up while its guest runs."""
    MEDIUM_CHANGE = "medium-change"
    """CD-ROM drives of guests that run get other media."""
    LIVE_DISKS = "live-disks"
    """Disks of guests that run grow, move to other storage, and come to stand alone."""
    DISK_EXPORT = "disk-export"
    """What disks of guests that run hold, and what was changed of them, is offered to backup tools."""
    USB_HOTPLUG = "usb-hotplug"
    """USB devices are plugged into guests that run, and unplugged."""
    PCI = "pci"
    """PCI devices of the host are given to guests that run, where there is an IOMMU."""
    SIGNALS = "signals"
    """Keys of Magic SysRq and signals of the hardware reach guests."""
    MONITOR = "monitor"
    """A guest may have a QEMU, whose monitor can be spoken to."""
    HYPERVISOR = "hypervisor"
    """Beside the host's kernel there is a hypervisor, with messages and debug keys of its own."""
    CORE_DUMP = "core-dump"
    """The memory of a guest is written to a file."""
    LIVE_CORE_DUMP = "live-core-dump"
    """That is done while the guest runs on; elsewhere it stands still meanwhile."""
    SAVE = "save"
    """A guest is saved to a file, and goes on from there."""
    BACKGROUND_SAVE = "background-save"
    """That is done while the guest runs on; elsewhere it stands still until its memory is written."""
    LAYERS = "layers"
    """A guest that runs is given overlays of its disks, and loses layers again."""
    SCREENSHOT = "screenshot"
    """There are pictures of the screens of guests."""
    AGENT = "agent"
    """An agent in a guest tells about it."""
    AGENT_COMMANDS = "agent-commands"
    """It does as it is asked, too: it sets the clock, freezes file systems, runs commands."""


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What probing an engine on this host found. `usable` False comes with the `reason`."""

    name: str
    version: str = ""
    usable: bool = False
    reason: str = ""
    accelerator: str = ""
    """What executes the guests' instructions: `kvm`, `tcg`, `xen`, `simulated`."""
    accelerator_reason: str = ""
    capabilities: frozenset[Capability] = frozenset()
    facts: dict[str, str] = field(default_factory=dict)
    lacks: dict[Capability, str] = field(default_factory=dict)
    """Why it has not the other capabilities, as far as that can be told."""


@dataclass(frozen=True, slots=True)
class Host:
    """Figures of the host. Memory in MiB."""

    name: str
    release: str
    version: str
    machine: str
    cpus: int
    nodes: int
    cores_per_socket: int
    threads_per_core: int
    cpu_mhz: int
    virt_caps: str
    total_memory: int
    free_memory: int
    boot_time: float
    cpu_time: float
