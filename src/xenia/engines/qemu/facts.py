"""What probing found out about the installed QEMU and this host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.qemu.affinity import HostCpus


@dataclass(frozen=True, slots=True)
class Facts:
    """`machines` leads from `pc` and `q35` to their versioned names; `machine_names` are all names the binary knows
    (empty: not asked).

    `accelerator` is `kvm` or `tcg`, `accelerator_reason` why; `kvm_group` the group that may open /dev/kvm, where one
    is needed for it. `host_cpus` are those that guests may use. `cgroups` is the control group below which those of
    guests are, None where there can be none; `no_cgroups` says why.
    """

    version: str = ""
    machines: dict[str, str] = field(default_factory=dict)
    machine_names: frozenset[str] = frozenset()
    accelerator: str = "tcg"
    accelerator_reason: str = ""
    kvm_group: int | None = None
    host_cpus: HostCpus = field(default_factory=HostCpus)
    cgroups: Path | None = None
    no_cgroups: str = ""
