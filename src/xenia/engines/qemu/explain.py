"""What a configuration becomes on QEMU, to be read before anything is started."""

from __future__ import annotations

from xenia.engines.base import Meaning, Resources
from xenia.engines.qemu.agent import explain_agent, has_agent
from xenia.engines.qemu.argv import ShownCommandLine
from xenia.engines.qemu.boot import explain_boot
from xenia.engines.qemu.command_line import qemu_command_line
from xenia.engines.qemu.disk import explain_disks
from xenia.engines.qemu.display import explain_display
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.kernel import explain_kernel
from xenia.engines.qemu.launch import Doors, compose
from xenia.engines.qemu.machine import explain_machine
from xenia.engines.qemu.others import explain_others
from xenia.engines.qemu.platform import explain_platform
from xenia.engines.qemu.serial import ConsoleEnds, explain_consoles, kinds_of
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.qemu.vfio import explain_pci
from xenia.engines.qemu.vif import explain_vifs
from xenia.model.complaint import Complaint, Severity
from xenia.model.disk import Disk, DiskMode, DiskSource
from xenia.model.domain import Definition, DomainConfig, Started
from xenia.network.attach import AttachedVif
from xenia.storage.kernel import KernelFacts, PreparedBoot
from xenia.storage.open import ImageLayer, OpenedDisk

_ASSUMED = (
    "QEMU has not been asked on this host: the machine types are the newest ones, without their versions",
    "there is no hardware acceleration (accel=tcg)",
)
_NONE = -1
"""A descriptor that there is not."""


def complaints_of(config: DomainConfig, settings: QemuSettings, facts: Facts) -> tuple[Complaint, ...]:
    """All there is to say about `config`; with an error among it a start is refused."""
    return (
        *explain_machine(config, facts),
        *explain_boot(config),
        *explain_kernel(config),
        *explain_disks(config),
        *explain_vifs(config),
        *explain_display(config, settings),
        *explain_consoles(config),
        *explain_agent(config),
        *explain_platform(config, facts.accelerator),
        *explain_pci(config),
        *explain_others(config),
    )


def explain(config: DomainConfig, settings: QemuSettings, facts: Facts) -> Meaning:
    """Complaints, and QEMU's options with descriptors named by what they will be."""
    complaints = complaints_of(config, settings, facts)
    if any(complaint.severity is Severity.ERROR for complaint in complaints):
        return Meaning(complaints, assumed=_assumed(facts))
    line = ShownCommandLine()
    compose(line, _started(config), _resources(config), _doors(config), settings, facts)
    return Meaning(complaints, f"{settings.binary}\n{line.rendered}", _assumed(facts))


def _assumed(facts: Facts) -> tuple[str, ...]:
    return () if facts.version else _ASSUMED


def _started(config: DomainConfig) -> Started:
    macs = tuple(vif.mac or "00:16:3e:<made>" for vif in config.vifs)
    return Started(config.uuid or "<made>", 0, config, Definition(), macs, "qemu", 0.0)


def _doors(config: DomainConfig) -> Doors:
    consoles = {kind: ConsoleEnds(_NONE, _NONE, _NONE) for kind in kinds_of(config)}
    return Doors(_NONE, consoles, agent=_NONE if has_agent(config) else None)


def _resources(config: DomainConfig) -> Resources:
    return Resources(
        disks=[_opened(disk) for disk in config.disks],
        vifs=[_attached(config, number) for number in range(len(config.vifs))],
        boot=_booted(config),
    )


def _booted(config: DomainConfig) -> PreparedBoot | None:
    boot = config.boot
    if boot.direct:
        line = qemu_command_line(config, boot.command_line).text
        return PreparedBoot(_NONE, _NONE if boot.ramdisk else None, line, KernelFacts("unknown"))
    if boot.bootloader is None:
        return None
    line = f"<command line in the guest's image> {boot.command_line}".strip()
    return PreparedBoot(_NONE, _NONE, line, KernelFacts("unknown"))


def _opened(disk: Disk) -> OpenedDisk:
    if disk.source is DiskSource.EMPTY:
        return OpenedDisk(disk)
    writable = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
    return OpenedDisk(disk, (ImageLayer(disk.path, disk.format, _NONE, writable, 0, disk.source is DiskSource.BLOCK),))


def _attached(config: DomainConfig, number: int) -> AttachedVif:
    vif = config.vifs[number]
    mac = vif.mac or "00:16:3e:<made>"
    bridge = f"the bridge of the network {vif.network}" if vif.network else vif.bridge or "the default bridge"
    return AttachedVif(vif, mac, _NONE, vif.vifname or f"on {bridge}", vif.bridge)
