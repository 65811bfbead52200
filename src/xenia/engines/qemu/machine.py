"""The board of a guest: machine type, CPU, memory, and which PCI slot holds what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xenia.engines.qemu.affinity import explain_affinity
from xenia.engines.qemu.argv import CommandLine, doubled
from xenia.engines.qemu.balloon import has_balloon, most_memory
from xenia.engines.qemu.cgroup import explain_share
from xenia.engines.qemu.facts import Facts
from xenia.engines.remarks import error, note
from xenia.model.boot import Firmware
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import engine_failed

# The PCI slots are fixed by what a device is, on both boards: a guest finds each device where it was when another one
# is added or removed. Slot 0 is the host bridge; 1 the chipset of pc; 0x1d (USB) and 0x1f the chipset of q35. All hang
# off the root bus, where virtio devices are transitional: guests with a virtio driver from before virtio 1.0 see them
# too. What is plugged in later goes into a slot that is free: of the root bus of pc, but of a bridge on q35, whose root
# bus takes no devices while the guest runs. SLOT_USB is for a controller on pc that comes with the first USB device.
SLOT_BRIDGE = 0x01
SLOT_VGA = 0x02
SLOT_SCSI = 0x03
SLOT_SERIAL = 0x04
SLOTS_VIF = range(0x05, 0x0D)
SLOTS_DISK = range(0x0D, 0x1D)
SLOT_SOUND = 0x1E
SLOT_USB = 0x1F
SLOTS_BRIDGE = range(0x01, 0x20)
BRIDGE = "bridge"

_MOST_CPUS = 255
"""Of pc (hw/i386/pc_piix.c, max_cpus); q35 has a few more, with an interrupt controller that old guests do not know."""


def board_of(config: DomainConfig) -> str:
    """`pc` for guests of old, who know IDE and no PCI Express; `q35` for all others."""
    return "pc" if config.kind is Kind.HVM and config.boot.firmware is Firmware.BIOS else "q35"


def abi_of(config: DomainConfig, facts: Facts) -> dict[str, str]:
    """What must stay the same for this guest as long as it lives: the versioned machine type and the CPU model."""
    board = board_of(config)
    return {"machine": facts.machines.get(board, board), "cpu": _cpu_model(facts)}


def add_machine(
    line: CommandLine, config: DomainConfig, abi: Mapping[str, str], facts: Facts, template: int | None = None
) -> None:
    """Machine, accelerator, CPU, memory and clock. The memory is that of `template`, an open file, as the guest sees it
    and nobody else; or has nothing in it.

    Raises engine_failed when the recorded machine type is not known to the installed QEMU.
    """
    decided = abi_of(config, facts) | dict(abi)
    machine = decided["machine"]
    if facts.machine_names and machine not in facts.machine_names:
        raise engine_failed(
            f"QEMU {facts.version} has no machine type {machine}, with which this domain was first started",
            "install a QEMU that has it, or let the domain be defined anew",
        )
    switches = ["usb=on"] if config.platform.usb or config.platform.usb_devices else []
    if not config.platform.acpi:
        switches.append("acpi=off")
    line.add("machine", ",".join([machine, "memory-backend=ram", "dump-guest-core=off", *switches]))
    line.add("accel", facts.accelerator)
    line.add("cpu", _cpu(config, decided["cpu"], facts))
    memory = most_memory(config)
    line.add("m", f"size={memory}M")
    size = {"id": "ram", "size": memory << 20}
    if template is None:
        line.add("object", {"qom-type": "memory-backend-memfd", **size, "share": True})
    else:
        path = f"/proc/self/fd/{line.inherit(template, 'memory of the save')}"
        line.add("object", {"qom-type": "memory-backend-file", **size, "share": False, "mem-path": path})
    most = max(config.vcpus, config.max_vcpus or 0)
    line.add("smp", f"cpus={config.vcpus},maxcpus={most},sockets=1,cores={most},threads=1")
    line.add("name", f"guest={doubled(config.name)}")
    chipset = "PIIX4_PM" if board_of(config) == "pc" else "ICH9-LPC"
    if board_of(config) == "q35":
        bridge = {"driver": "pci-bridge", "id": BRIDGE, "addr": f"{SLOT_BRIDGE:#x}", "chassis_nr": 1}
        line.device(bridge | {"multifunction": True})  # the balloon is its neighbour
    for kind in ("s3", "s4"):  # a guest that suspends itself would be one that nobody can wake
        line.add("global", f"{chipset}.disable_{kind}=1")


def explain_machine(config: DomainConfig, facts: Facts) -> Iterator[Complaint]:
    """What of the board is not as the guest file has it."""
    most = config.max_memory
    if most and most > config.memory:
        yield note("maxmem", _said_of_maxmem(config, most))
    vcpus = max(config.vcpus, config.max_vcpus or 0)
    if vcpus > _MOST_CPUS:
        yield error("vcpus", f"{vcpus} virtual CPUs are more than the {_MOST_CPUS} of a guest on QEMU")
    yield from explain_affinity(config, facts.host_cpus)
    yield from explain_share(config, facts.cgroups, facts.no_cgroups)
    if config.kind is Kind.PV:
        yield note("", "a PV guest is booted directly on QEMU, with virtio devices instead of Xen's")


def _said_of_maxmem(config: DomainConfig, most: int) -> str:
    if not has_balloon(config):
        return f"maxmem={most} has no effect on an HVM guest on QEMU: it has memory={config.memory} MiB"
    return f"maxmem={most}: the guest starts with so much, and gives back what is above {config.memory} MiB by itself"


def _cpu_model(facts: Facts) -> str:
    return "host" if facts.accelerator == "kvm" else "max"


def _cpu(config: DomainConfig, model: str, facts: Facts) -> str:
    if model == "host" and facts.accelerator != "kvm":
        model = "max"  # `host` exists under KVM only
    features = [model]
    if not config.platform.apic:
        features.append("-apic")
    if not config.platform.pae:
        features.append("-pae")
    if config.platform.viridian and facts.accelerator == "kvm":
        features += ["hv-relaxed", "hv-vapic", "hv-spinlocks=0x1fff", "hv-time"]
    return ",".join(features)
