"""mem-set and mem-max: how much memory a domain has, and may have, now and at its next start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.manager.inventory import Inventory
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.scopes import Asked, Scopes, changed
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.change import Change
from xenia.model.domain import DomainConfig
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Memory:
    lifecycle: Lifecycle
    inventory: Inventory
    scopes: Scopes

    def resize(self, operation: str, ref: str, size: int, scope: Scope, caller: Caller) -> Job:
        """mem-set or mem-max: give a domain `size` MiB, or let it have so much at most, as a job.

        Its result is `{"domain": NAME, "memory": MIB, "file": FILE, "notes": [TEXT]}`. What a domain that runs was
        given counts also when a policy starts it anew. Raises as `Scopes.start`.
        """
        change = self._set if operation == "mem-set" else self._set_max

        async def measured(asked: Asked) -> dict[str, Any]:
            await self.inventory.measure()
            entry = asked.entry
            now = self.inventory.domain(entry) if entry is not None else asked.domain
            return await change(replace(asked, domain=now), size)

        return self.scopes.start(operation, ref, scope, caller, measured)

    async def _set(self, asked: Asked, size: int) -> dict[str, Any]:
        """Give the domain `size` MiB. Under the lock of its name.

        The result has `memory`, the MiB that the guest had when this returned (None where it was not asked), `file`,
        the guest file that was edited (or ""), and `notes`. Whatever fails, nothing has changed. Raises invalid for a
        size out of bounds, and what the engine and an edit of the guest file raise.
        """
        domain, entry, most = asked.domain, asked.entry, asked.domain.max_memory
        if entry is not None and size > most:
            raise invalid(
                f"domain '{domain.name}' may have {most} MiB at most, not {size}",
                f"raise that first: xm mem-max {domain.name} {size}",
            )

        def edits(wanted: DomainConfig) -> Sequence[Change]:
            if wanted.max_memory is not None:
                if size > wanted.max_memory:
                    raise invalid(
                        f"the guest file of '{domain.name}' has maxmem = {wanted.max_memory}, less than {size}",
                        f"raise that first: xm mem-max --config {domain.name} {size}",
                    )
            elif entry is not None and size < most:  # the next start is to be able to take it back
                return changed("memory", size), changed("maxmem", most)
            return (changed("memory", size),)

        async def live(entry: Entry) -> int:
            has = await self.lifecycle.engine.set_memory(domain.uuid, size)
            await self.lifecycle.note(entry, config=replace(entry.started.config, memory=size, max_memory=most))
            return has

        has, kept = await asked.change(edits, partial(live, entry) if entry is not None else None)
        notes = kept.notes
        if has is not None and has != size:
            notes += (
                f"domain '{domain.name}' has {has} MiB so far, not {size}: it changes as its own balloon driver can; "
                f"xm list {domain.name} shows how far it is",
            )
        return {"memory": has, "file": kept.file, "notes": notes}

    async def _set_max(self, asked: Asked, size: int) -> dict[str, Any]:
        """Let the domain have at most `size` MiB. As `_set`."""
        domain, entry = asked.domain, asked.entry
        if entry is not None and size < domain.memory:
            raise invalid(
                f"domain '{domain.name}' has {domain.memory} MiB now, more than {size}",
                f"take some away first: xm mem-set {domain.name} {size}",
            )

        async def live(entry: Entry) -> None:
            await self.lifecycle.engine.set_max_memory(domain.uuid, size)
            await self.lifecycle.note(entry, config=replace(entry.started.config, max_memory=size))

        def edits(wanted: DomainConfig) -> Sequence[Change]:
            if size < wanted.memory:
                raise invalid(
                    f"the guest file of '{domain.name}' has memory = {wanted.memory}, more than {size}",
                    f"take some away first: xm mem-set --config {domain.name} {size}",
                )
            return (changed("maxmem", size),)

        _, kept = await asked.change(edits, partial(live, entry) if entry is not None else None)
        return {"memory": None, "file": kept.file, "notes": kept.notes}
