"""What a configuration becomes on Xen, to be read before anything is started."""

from __future__ import annotations

from xenia.engines.base import Meaning
from xenia.engines.remarks import error
from xenia.engines.xen.boot import explain_boot
from xenia.engines.xen.disk import explain_disks, shown_path
from xenia.engines.xen.display import door_of, explain_display
from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.machine import explain_machine
from xenia.engines.xen.passed_on import explain_others
from xenia.engines.xen.platform import explain_platform
from xenia.engines.xen.prepared import DiskBackend, Prepared, VifBackend
from xenia.engines.xen.render import render
from xenia.engines.xen.vif import explain_vifs
from xenia.model.complaint import Complaint, Severity
from xenia.model.disk import Disk, DiskFormat, DiskSource
from xenia.model.display import VncRules
from xenia.model.domain import Definition, DomainConfig, Started
from xenia.model.errors import XeniaError

_SILENT = VncRules()


def complaints_of(config: DomainConfig, facts: XenFacts, rules: VncRules = _SILENT) -> tuple[Complaint, ...]:
    """All there is to say about `config`; with an error among it a start is refused.

    `rules` are what the host says of VNC.
    """
    return (
        *explain_machine(config, facts),
        *explain_boot(config),
        *explain_disks(config),
        *explain_vifs(config),
        *explain_display(config, rules),
        *explain_platform(config),
        *explain_others(config),
    )


def explain(config: DomainConfig, facts: XenFacts, rules: VncRules = _SILENT) -> Meaning:
    """Complaints, and the xl.cfg with files as the guest file names them."""
    complaints = complaints_of(config, facts, rules)
    if any(complaint.severity is Severity.ERROR for complaint in complaints):
        return Meaning(complaints, assumed=_assumed(facts))
    started = Started(config.uuid or "<made>", 0, config, Definition(), (), "xen", 0.0)
    try:
        return Meaning(complaints, render(started, _shown(config, rules)), _assumed(facts))
    except XeniaError as refused:
        return Meaning((*complaints, error("", refused.message, refused.hint)), assumed=_assumed(facts))


def _assumed(facts: XenFacts) -> tuple[str, ...]:
    if facts.version:
        return ()
    return ("the host has Xen 4.17 or newer, and its hardware can run HVM and PVH guests", "memory enough is there")


def _disk(disk: Disk) -> DiskBackend:
    """A raw file is served through a loop device, whose number is known only at the start."""
    path, loop = shown_path(disk), disk.source is DiskSource.FILE and disk.format is DiskFormat.RAW
    block = loop or disk.source is DiskSource.BLOCK
    return DiskBackend(disk, f"/dev/loop<of {path}>" if loop else path, disk.format, block, disk.script)


def _shown(config: DomainConfig, rules: VncRules) -> Prepared:
    boot = config.boot
    return Prepared(
        kernel=boot.kernel or (f"<what {boot.bootloader} finds>" if boot.bootloader else None),
        ramdisk=boot.ramdisk,
        command_line=boot.command_line or None,
        disks=tuple(_disk(disk) for disk in config.disks),
        vifs=tuple(
            VifBackend(vif, vif.mac or "00:16:3e:<made>", vif.bridge, vif.vifname, vif.script) for vif in config.vifs
        ),
        vnc=door_of(config.display, rules),
    )
