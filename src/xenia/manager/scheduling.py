"""sched-credit and sched-credit2: how CPU time is shared out, now and at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast

from xenia.engines.base import SharesCpuTime
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.scopes import Asked, Scopes, changed
from xenia.model.caller import Caller
from xenia.model.change import Change
from xenia.model.domain import DOMAIN_0_UUID, Domain, DomainConfig
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, able
from xenia.model.scheduling import CGROUP, Share, most_cap
from xenia.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Scheduling:
    lifecycle: Lifecycle
    scopes: Scopes

    async def list(self, ref: str | None = None) -> Sequence[tuple[Domain, Share]]:
        """The share of one domain, or of all that run, by domain id. Raises as `Inventory.find`, invalid where the
        engine shares nothing out, and a conflict for a domain that has no share.
        """
        able(replace(OPERATIONS["sched-credit"], name="to share CPU time out"), self.scopes.turns.report())
        inventory, told = self.scopes.inventory, await self._engine.shares()
        if ref is None:
            return [(each, told[each.uuid]) for each in inventory.all(everything=False) if each.uuid in told]
        domain = await inventory.look_up(ref)
        if domain.uuid not in told:
            raise _without_share(domain)
        return [(domain, told[domain.uuid])]

    def set(self, operation: str, ref: str, weight: int | None, cap: int | None, scope: Scope, caller: Caller) -> Job:
        """sched-credit or sched-credit2: give a domain another weight, cap, or both, as a job.

        Its result is `{"domain": NAME, "share": Share, "file": FILE, "notes": [TEXT]}`; the share is null where only
        the guest file was changed. Domain-0 has none: its share is changed until the host boots. What a domain that
        runs was given counts also when a policy starts it anew. Raises as `Scopes.start`; the job fails for a domain
        that another scheduler runs, and as the engine and an edit of the guest file do: then nothing has changed.
        """
        if weight is None and cap is None:
            raise invalid(f"{operation} is to change nothing", f"xm {operation} -d {ref} -w 512 -c 50")

        async def work(asked: Asked) -> dict[str, Any]:
            live = None
            if asked.scope is not Scope.CONFIG:
                live = partial(self._set, asked, await self._share(operation, asked.domain, weight, cap))
            word = "cpu_cap" if "cpu_cap" in await asked.values() else "cap"  # xm's where the file has it, else xl's

            def edits(_wanted: DomainConfig) -> Sequence[Change]:
                pairs = (("cpu_weight", weight), (word, cap))
                return [changed(key, value) for key, value in pairs if value is not None]

            share, kept = await asked.change(edits, live)
            return {"share": asdict(share) if share is not None else None, "file": kept.file, "notes": kept.notes}

        return self.scopes.start(operation, ref, scope, caller, work)

    @property
    def _engine(self) -> SharesCpuTime:
        return cast(SharesCpuTime, self.lifecycle.engine)

    async def _share(self, operation: str, domain: Domain, weight: int | None, cap: int | None) -> Share:
        """The share that the domain is to have."""
        now = (await self._engine.shares()).get(domain.uuid)
        if now is None:
            raise _without_share(domain)
        asked = operation.removeprefix("sched-")
        if now.scheduler not in (asked, CGROUP):
            raise conflict(
                f"domain '{domain.name}' is run by the scheduler {now.scheduler}, not {asked}",
                f"say the same to that one: xm sched-{now.scheduler} -d {domain.name}",
            )
        entry = self.lifecycle.table.get(domain.uuid)
        most = most_cap(max(domain.vcpus, entry.started.config.max_vcpus or 0) if entry is not None else domain.vcpus)
        if cap is not None and cap > most:
            raise invalid(
                f"the cap of domain '{domain.name}' is {most} at most, not {cap}",
                "it is in percent of one CPU: 100 for each virtual CPU; 0 is no limit",
            )
        return Share(now.scheduler, now.weight if weight is None else weight, now.cap if cap is None else cap)

    async def _set(self, asked: Asked, share: Share) -> Share:
        await self._engine.set_share(asked.domain.uuid, share)
        if asked.entry is not None:
            config = replace(asked.entry.started.config, cpu_weight=share.weight, cpu_cap=share.cap)
            await self.lifecycle.note(asked.entry, config=config)
        return share


def _without_share(domain: Domain) -> XeniaError:
    if domain.uuid == DOMAIN_0_UUID:
        return conflict("Domain-0 is the host itself here, and has all that its guests leave", "name a guest")
    if domain.domid is None:
        return conflict(f"domain '{domain.name}' does not run", "xm list shows what runs")
    return conflict(f"domain '{domain.name}' is run by a scheduler without weights", "xm cpupool-list shows which")
