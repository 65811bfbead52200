"""Virtual CPUs: how many there are, and what they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.manager.inventory import Inventory
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.scopes import Asked, Scopes, changed
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.domain import DOMAIN_0_UUID, Domain, DomainConfig
from xenia.model.errors import conflict, invalid
from xenia.model.host import Host
from xenia.model.job import Job
from xenia.model.scope import Scope
from xenia.model.vcpu import Vcpu


@dataclass(frozen=True, slots=True)
class Vcpus:
    lifecycle: Lifecycle
    inventory: Inventory
    scopes: Scopes
    host: Callable[[], Awaitable[Host]]

    async def list(self, ref: str | None = None) -> Sequence[tuple[Domain, tuple[Vcpu, ...]]]:
        """Those of one domain, or of all that run, by domain id. Raises as `Inventory.find`, and a conflict for a
        domain that the engine gives none: one that does not run, and Domain-0 where it is no guest of a hypervisor.
        """
        told = await self.lifecycle.engine.vcpus()
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

    def set(self, ref: str, count: int, scope: Scope, caller: Caller, *, ignore_host: bool = False) -> Job:
        """vcpu-set: give a domain `count` virtual CPUs, as a job; more than the host has only with `ignore_host`.

        Its result is `{"domain": NAME, "vcpus": COUNT, "file": FILE, "notes": [TEXT]}`: how many the guest had when
        this was done (null where it was not asked), the guest file that was edited (or ""). What a domain that runs
        was given counts also when a policy starts it anew. Raises as `Scopes.start`; the job fails for more than the
        domain may have, and as the engine and an edit of the guest file do: then nothing has changed.
        """

        async def work(asked: Asked) -> dict[str, Any]:
            await self.inventory.measure()
            entry = asked.entry
            if entry is not None:
                await self._refuse(self.inventory.domain(entry), entry, count, ignore_host=ignore_host)
            edits = partial(_edits, asked, count, await asked.values())
            has, kept = await asked.change(edits, partial(self._set, entry, count) if entry is not None else None)
            notes = kept.notes
            if has is not None and has != count:
                name = asked.domain.name
                notes += (
                    f"domain '{name}' has {has} virtual CPUs so far, not {count}: the guest itself takes them and lets "
                    f"go of them; xm vcpu-list {name} shows how far it is",
                )
            return {"vcpus": has, "file": kept.file, "notes": notes}

        return self.scopes.start("vcpu-set", ref, scope, caller, work)

    async def _refuse(self, domain: Domain, entry: Entry, count: int, *, ignore_host: bool) -> None:
        most, cpus = _most(entry), (await self.host()).cpus
        if count > most:
            raise invalid(
                f"domain '{domain.name}' may have {most} virtual CPUs at most, not {count}",
                f"its maxvcpus counts from its next start on: xm config set {domain.name} maxvcpus={count}",
            )
        if count > cpus and count > domain.vcpus and not ignore_host:
            raise invalid(
                f"the host has {cpus} CPUs: {count} virtual ones would wait for each other",
                f"if that is meant: xm vcpu-set --ignore-host {domain.name} {count}",
            )

    async def _set(self, entry: Entry, count: int) -> int:
        has = await self.lifecycle.engine.set_vcpus(entry.started, count)
        config = replace(entry.started.config, vcpus=count, max_vcpus=_most(entry))
        await self.lifecycle.note(entry, config=config)
        return has


def _edits(asked: Asked, count: int, values: Mapping[str, Any], wanted: DomainConfig) -> Sequence[Change]:
    most, name = wanted.max_vcpus, asked.domain.name
    if most is not None and count > most:
        raise invalid(
            f"the guest file of '{name}' lets it have {most} virtual CPUs at most, less than {count}",
            f"raise that first: xm config set {name} maxvcpus={count}",
        )
    if "vcpu_avail" in values:  # xm's way to say the same
        return changed("vcpus", count), changed("maxvcpus", most), Change(Action.UNSET, "vcpu_avail")
    if most is None and asked.entry is not None and count < _most(asked.entry):
        return changed("vcpus", count), changed("maxvcpus", _most(asked.entry))  # the way up for the next start
    return (changed("vcpus", count),)


def _most(entry: Entry) -> int:
    config = entry.started.config
    return max(config.vcpus, config.max_vcpus or 0)
