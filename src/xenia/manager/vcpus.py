"""Virtual CPUs of domains that run: what they do, and where they may run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from xenia.engines.base import Engine
from xenia.manager.inventory import Inventory
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.errors import conflict
from xenia.model.host import Host
from xenia.model.job import Job
from xenia.model.vcpu import Vcpu, read_cpus


@dataclass(frozen=True, slots=True)
class Vcpus:
    engine: Engine
    inventory: Inventory
    turns: Turns
    host: Callable[[], Awaitable[Host]]

    async def list(self, ref: str | None = None) -> Sequence[tuple[Domain, tuple[Vcpu, ...]]]:
        """Those of one domain, or of all that run, by domain id. Raises as `Inventory.find`, and a conflict for a
        domain that the engine gives none: one that does not run, and Domain-0 where it is no guest of a hypervisor.
        """
        told = await self.engine.vcpus()
        if ref is None:
            return [(each, told[each.uuid]) for each in self.inventory.all(everything=False) if each.uuid in told]
        domain = await self.inventory.look_up(ref)
        if domain.uuid not in told:
            own = domain.uuid == DOMAIN_0_UUID
            raise conflict(
                f"domain '{domain.name}' " + ("has the host's own CPUs here" if own else "has no virtual CPUs now"),
                "xm list --all shows what runs",
            )
        return [(domain, told[domain.uuid])]

    def pin(self, ref: str, number: int | None, cpus: str, caller: Caller) -> Job:
        """Let a virtual CPU (None: each) run on these CPUs of the host only, as a job, until the domain is started
        anew. Raises as `Turns.start`, and invalid for CPUs that the host does not have.
        """

        async def verb(entry: Entry) -> None:
            chosen = read_cpus(cpus, (await self.host()).cpus)
            await self.engine.pin(entry.started.uuid, number, chosen)

        return self.turns.start("vcpu-pin", ref, caller, verb)
