"""What QEMU cannot do, and why."""

from __future__ import annotations

from xenia.model.host import Capability

LACKS = {
    Capability.ADOPT: "every QEMU that runs below this root is xend's own",
    Capability.HYPERVISOR: "there is no hypervisor beside the host's kernel",
    Capability.LIVE_CORE_DUMP: "QEMU stops a guest while its core is dumped",
    Capability.MAX_MEMORY: "a machine keeps the bound that it was made with",
    Capability.SOFT_AFFINITY: "Linux knows no CPUs that a thread would rather run on",
    Capability.CPU_POOLS: "its guests are processes of the host, which has one scheduler for all CPUs",
}
