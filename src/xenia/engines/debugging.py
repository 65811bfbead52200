"""What some engines let an administrator do to look into a guest and the hypervisor, beside the contract of all
(`base`). Each part has a capability.
"""

from __future__ import annotations

from typing import Protocol

from xenia.model.domain import Started
from xenia.model.signal import Trigger
from xenia.model.topology import Topology


class SendsSignals(Protocol):
    """What an engine with the capability SIGNALS can do beside that."""

    async def sysrq(self, uuid: str, key: str) -> None:
        """Have the guest's kernel see a key of Magic SysRq; whether it listens is not told. Raises engine_failed."""

    async def trigger(self, started: Started, trigger: Trigger, vcpu: int | None) -> str:
        """Send a guest a signal of its hardware, where it can be to one virtual CPU (None: the first). What else there
        is to know about it, or "".

        Raises invalid, with the way out, for one that there is not on this engine or for this kind of guest;
        engine_failed. RESET is manager's: it is never asked for here.
        """


class HasMonitor(Protocol):
    """What an engine with the capability MONITOR can do beside that."""

    async def monitor_command(self, uuid: str, command: str) -> str:
        """Have the guest's QEMU run a line of its human monitor; what it answers.

        Raises a conflict for a guest that has no QEMU, engine_failed.
        """


class HasHypervisor(Protocol):
    """What an engine with the capability HYPERVISOR can do beside that."""

    async def debug_keys(self, keys: str) -> None:
        """Have the hypervisor handle debug keys, as if they were typed on its console. Raises engine_failed."""

    async def topology(self) -> Topology:
        """The machine's CPUs and NUMA nodes, of which the kernel of Domain-0 knows its own share only. Raises
        engine_failed.
        """

    async def hypervisor_log(self, *, clear: bool) -> str:
        """What the hypervisor has in its ring of messages; with `clear` it is emptied. Raises engine_failed."""
