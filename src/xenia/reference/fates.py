"""What becomes of commands where that does not follow from the operations table and the capabilities of the engines."""

from __future__ import annotations

from xenia.engines.qemu.lacks import LACKS as QEMU_LACKS
from xenia.engines.xen.lacks import LACKS as XEN_LACKS
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS

ENGINES = {"qemu": QEMU_LACKS, "xen": XEN_LACKS}

_OF_HVM = "translated: the drives of HVM guests; those of others are plain disks on Xen"

_DONE_OTHERWISE = {
    ("agent", "xen"): "translated: what the guest writes to xenstore; commands are not given",
    ("cd-eject", "xen"): _OF_HVM,
    ("cd-insert", "xen"): _OF_HVM,
    ("console", "xen"): "translated: a terminal of the host's, which is read only while somebody watches",
    ("dump-core", "qemu"): "translated: the guest stands still meanwhile, also with --live",
    ("mem-set", "qemu"): "translated: a balloon; a PV or PVH guest starts with maxmem, and gives back what is above",
    (
        "network-attach",
        "xen",
    ): "translated: Xen's own card; in an HVM guest it is emulated as well from the next start on",
    ("reboot", "xen"): "translated: the domain starts anew, under a new id",
    ("sched-credit", "qemu"): "translated: a control group (cgroup v2), where the host lets xend make some",
    ("sched-credit2", "qemu"): "translated: a control group (cgroup v2), where the host lets xend make some",
    ("vcpu-set", "qemu"): "translated: CPUs are plugged in by ACPI; to unplug them takes KVM",
    ("pci-attach", "qemu"): "translated: through vfio-pci; untried, for want of an IOMMU",
    ("pci-attach", "xen"): "translated: through xl; untried, for want of an IOMMU",
    ("save", "qemu"): "translated: not a guest with a USB or PCI device of the host",
    ("suspend", "qemu"): "translated: not a guest with a USB or PCI device of the host",
    ("clone", "xen"): "translated: of a guest that does not run",
    ("snapshot warm", "xen"): "no: no snapshot has the memory of its guest there",
    **dict.fromkeys(
        (("save", "xen"), ("suspend", "xen")),
        "translated: not a guest with a USB or PCI device of the host, nor a paused one that has Xen's drivers",
    ),
    ("restore", "xen"): "translated: only a file that nobody but root can have written",
    ("reset", "xen"): "translated: the domain starts anew, under a new id",
    ("sysrq", "qemu"): "translated: Alt, SysRq and the letter on the guest's keyboard",
    ("trigger", "qemu"): "translated: nmi to all virtual CPUs at once; sleep, s3resume and init are refused",
    ("trigger", "xen"): "translated: power, sleep and s3resume for HVM guests; init is refused",
    ("usb-attach", "xen"): "translated: emulated devices for HVM guests with usb = 1",
    ("vcpu-pin", "qemu"): "translated: the threads of its QEMU are bound",
}
"""Where a command does what it says by other means, or not."""


def fate(command: str, engine: str) -> str:
    """`yes`, `translated: how` or `no: why; what instead`, of a command on the engine `qemu` or `xen`."""
    operation = (OPERATIONS | HOST_OPERATIONS).get(command)
    lacked = ENGINES[engine].get(operation.capability) if operation and operation.capability else None
    if lacked and operation:
        return f"no: {lacked}" + (f"; {operation.instead}" if operation.instead else "")
    return _DONE_OTHERWISE.get((command, engine), "yes")
