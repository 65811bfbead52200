"""What probing found out about the hypervisor on this host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class XenFacts:
    """`version` as `xl info` has it (4.17.5). `caps` are the kinds that can run here: pv; hvm and pvh where the
    hardware does it; pv32 where 32-bit PV kernels are allowed.

    `total_memory` of the host, in MiB; None: not asked.
    """

    version: str = ""
    caps: frozenset[str] = frozenset({"pv", "hvm"})
    total_memory: int | None = None
