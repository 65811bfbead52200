"""sched-credit and sched-credit2: how CPU time is shared out, now and at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast

from xenia.engines.base import SharesCpuTime
from xenia.manager.kept import Kept, changed
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.change import Change
from xenia.model.domain import DOMAIN_0_UUID, Domain
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, able
from xenia.model.scheduling import CGROUP, Share, most_cap
from xenia.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Scheduling:
    kept: Kept

    async def list(self, ref: str | None = None) -> Sequence[tuple[Domain, Share]]:
        """The share of one domain, or of all that run, by domain id. Raises as `Inventory.find`, invalid where the
        engine shares nothing out, and a conflict for a domain that has no share.
        """
        able(OPERATIONS["sched-credit"], self.kept.turns.report())
        inventory, told = self.kept.inventory, await self._engine.shares()
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
        runs was given counts also when a policy starts it anew. Raises as `Kept.start`; the job fails for a domain that
        another scheduler runs, and as the engine and an edit of the guest file do: then nothing has changed.
        """
        if weight is None and cap is None:
            raise invalid(f"{operation} is to change nothing", f"xm {operation} -d {ref} -w 512 -c 50")

        async def work(domain: Domain, entry: Entry | None, scope: Scope) -> dict[str, Any]:
            live = None
            if scope is not Scope.CONFIG:
                live = partial(self._set, domain, entry, await self._share(operation, domain, weight, cap))
            edit = partial(self._edit, weight, cap, caller)
            share, file, notes = await self.kept.change(domain, live, edit, scope, caller)
            return {"share": asdict(share) if share is not None else None, "file": file, "notes": notes}

        return self.kept.start(operation, ref, scope, caller, work)

    @property
    def _engine(self) -> SharesCpuTime:
        return cast(SharesCpuTime, self.kept.lifecycle.engine)

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
        entry = self.kept.lifecycle.table.get(domain.uuid)
        most = most_cap(max(domain.vcpus, entry.started.config.max_vcpus or 0) if entry is not None else domain.vcpus)
        if cap is not None and cap > most:
            raise invalid(
                f"the cap of domain '{domain.name}' is {most} at most, not {cap}",
                "it is in percent of one CPU: 100 for each virtual CPU; 0 is no limit",
            )
        return Share(now.scheduler, now.weight if weight is None else weight, now.cap if cap is None else cap)

    async def _set(self, domain: Domain, entry: Entry | None, share: Share) -> Share:
        await self._engine.set_share(domain.uuid, share)
        if entry is not None:
            config = replace(entry.started.config, cpu_weight=share.weight, cpu_cap=share.cap)
            await self.kept.lifecycle.note(entry, config=config)
        return share

    async def _edit(self, weight: int | None, cap: int | None, caller: Caller, file: str) -> Sequence[Change]:
        changes = [changed("cpu_weight", weight)] if weight is not None else []
        if cap is not None:  # xm's word for it where the file has it, else xl's
            values = (await self.kept.guest_files.show(file, caller)).values
            changes.append(changed("cpu_cap" if "cpu_cap" in values else "cap", cap))
        return changes


def _without_share(domain: Domain) -> XeniaError:
    if domain.uuid == DOMAIN_0_UUID:
        return conflict("Domain-0 is the host itself here, and has all that its guests leave", "name a guest")
    if domain.domid is None:
        return conflict(f"domain '{domain.name}' does not run", "xm list shows what runs")
    return conflict(f"domain '{domain.name}' is run by a scheduler without weights", "xm cpupool-list shows which")
