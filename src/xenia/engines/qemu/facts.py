"""What probing found out about the installed QEMU and this host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.qemu.affinity import HostCpus
from xenia.model.host import Capability


@dataclass(frozen=True, slots=True)
class Facts:
    """`machines` leads from `pc` and `q35` to their versioned names; `machine_names` are all names the binary knows
    (empty: not asked).

    `accelerator` is `kvm` or `tcg`, `accelerator_reason` why; `kvm_group` the group that may open /dev/kvm, where one
    is needed for it. `host_cpus` are those that guests may use. `cgroups` is the control group below which those of
    guests are, None where there can be none; `no_cgroups` says why. `no_background` says why guests cannot be saved
    while they run on.
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
    no_background: str = "nobody has looked"

    @property
    def lacks(self) -> dict[Capability, str]:
        """What this host does not let guests have, and why; "" for what it does."""
        return {Capability.SCHEDULING: self.no_cgroups, Capability.BACKGROUND_SAVE: self.no_background}
