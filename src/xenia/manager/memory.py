"""mem-set and mem-max: how much memory a domain has, and may have, now and at its next start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.manager.kept import Kept, changed
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.change import Change
from xenia.model.domain import Domain
from xenia.model.errors import invalid
from xenia.model.job import Job
from xenia.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Memory:
    kept: Kept

    def resize(self, operation: str, ref: str, size: int, scope: Scope, caller: Caller) -> Job:
        """mem-set or mem-max: give a domain `size` MiB, or let it have so much at most, as a job.

        Its result is `{"domain": NAME, "memory": MIB, "file": FILE, "notes": [TEXT]}`: the MiB that the guest had when
        this was done (null where it was not asked), the guest file that was edited (or ""). What a domain that runs
        was given counts also when a policy starts it anew. Raises as `Kept.start`; the job fails for a size out of
        bounds, and as the engine and an edit of the guest file do: then nothing has changed.
        """
        act = self._set if operation == "mem-set" else self._set_max
        return self.kept.start(
            operation, ref, scope, caller, lambda domain, entry, scope: act(domain, entry, size, scope, caller)
        )

    async def _set(
        self, domain: Domain, entry: Entry | None, size: int, scope: Scope, caller: Caller
    ) -> dict[str, Any]:
        most = domain.max_memory
        if entry is not None and size > most:
            raise invalid(
                f"domain '{domain.name}' may have {most} MiB at most, not {size}",
                f"raise that first: xm mem-max {domain.name} {size}",
            )

        async def live(entry: Entry) -> int:
            has = await self.kept.lifecycle.engine.set_memory(domain.uuid, size)
            await self.kept.lifecycle.note(entry, config=replace(entry.started.config, memory=size, max_memory=most))
            return has

        async def edit(file: str) -> Sequence[Change]:
            wanted = await self.kept.guest_files.wanted(file)
            if wanted.max_memory is not None:
                if size > wanted.max_memory:
                    raise invalid(
                        f"the guest file of '{domain.name}' has maxmem = {wanted.max_memory}, less than {size}",
                        f"raise that first: xm mem-max --config {domain.name} {size}",
                    )
            elif entry is not None and size < most:  # the next start is to be able to take it back
                return changed("memory", size), changed("maxmem", most)
            return (changed("memory", size),)

        act = partial(live, entry) if entry is not None else None
        has, file, notes = await self.kept.change(domain, act, edit, scope, caller)
        if has is not None and has != size:
            notes += (
                f"domain '{domain.name}' has {has} MiB so far, not {size}: it changes as its own balloon driver can; "
                f"xm list {domain.name} shows how far it is",
            )
        return {"memory": has, "file": file, "notes": notes}

    async def _set_max(
        self, domain: Domain, entry: Entry | None, size: int, scope: Scope, caller: Caller
    ) -> dict[str, Any]:
        if entry is not None and size < domain.memory:
            raise invalid(
                f"domain '{domain.name}' has {domain.memory} MiB now, more than {size}",
                f"take some away first: xm mem-set {domain.name} {size}",
            )

        async def live(entry: Entry) -> None:
            await self.kept.lifecycle.engine.set_max_memory(domain.uuid, size)
            await self.kept.lifecycle.note(entry, config=replace(entry.started.config, max_memory=size))

        async def edit(file: str) -> Sequence[Change]:
            wanted = await self.kept.guest_files.wanted(file)
            if size < wanted.memory:
                raise invalid(
                    f"the guest file of '{domain.name}' has memory = {wanted.memory}, more than {size}",
                    f"take some away first: xm mem-set --config {domain.name} {size}",
                )
            return (changed("maxmem", size),)

        act = partial(live, entry) if entry is not None else None
        _, file, notes = await self.kept.change(domain, act, edit, scope, caller)
        return {"memory": None, "file": file, "notes": notes}
