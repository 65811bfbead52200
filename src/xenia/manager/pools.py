"""CPU pools: the host's CPUs, divided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from xenia.engines.base import CpuPools, DividesCpus
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.scopes import Asked, Scopes, changed
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.errors import conflict, invalid
from xenia.model.host import Host
from xenia.model.job import Job
from xenia.model.operations import HOST_OPERATIONS, able, require
from xenia.model.pool import POOL_0, SCHEDULERS, Pool, check_name, no_such_pool
from xenia.model.scope import Scope
from xenia.model.vcpu import read_cpus, said


@dataclass(frozen=True, slots=True)
class Pools:
    """Every method raises invalid where the engine has none, and but for `list` denied for others than administrators.
    Those that change pools raise not_found for one that there is not, a conflict for what is in the way, and as the
    engine does.
    """

    lifecycle: Lifecycle
    scopes: Scopes
    host: Callable[[], Awaitable[Host]]

    async def list(self) -> tuple[Sequence[Pool], tuple[int, ...]]:
        """All pools, and the CPUs that are in none."""
        able(HOST_OPERATIONS["cpupool-list"], self.scopes.turns.report())
        pools = await self._pools.all()
        taken = {cpu for pool in pools for cpu in pool.cpus}
        return pools, tuple(cpu for cpu in range((await self.host()).cpus) if cpu not in taken)

    async def create(self, name: str, scheduler: str, cpus: str, caller: Caller) -> None:
        """Make a pool of CPUs that are in none; `cpus` may be "" for none."""
        self._permit(caller, "cpupool-create")
        check_name(name)
        if scheduler not in SCHEDULERS:
            raise invalid(f"there is no scheduler '{scheduler}'", f"there are: {', '.join(SCHEDULERS)}")
        await self._refuse_taken(name)
        await self._pools.create(name, scheduler, await self._free(cpus) if cpus else ())

    async def destroy(self, name: str, caller: Caller) -> None:
        self._permit(caller, "cpupool-destroy")
        pool = await self._find(name)
        if name == POOL_0:
            raise conflict(f"{POOL_0} is always there: Domain-0 is in it")
        if pool.domains:
            raise conflict(
                f"there are domains in the pool '{name}': {pool.domains}", f"xm cpupool-migrate DOMAIN {POOL_0}"
            )
        await self._pools.destroy(name)

    async def add(self, name: str, cpus: str, caller: Caller) -> None:
        """Put CPUs that are in no pool into this one."""
        self._permit(caller, "cpupool-cpu-add")
        await self._find(name)
        await self._pools.add(name, await self._free(cpus))

    async def remove(self, name: str, cpus: str, caller: Caller) -> None:
        """Take CPUs out of the pool; they are in none then."""
        self._permit(caller, "cpupool-cpu-remove")
        pool, chosen = await self._find(name), await self._read(cpus)
        others = set(chosen) - set(pool.cpus)
        if others:
            raise conflict(
                f"CPU {said(others)} is not in the pool '{name}'",
                f"it has {said(pool.cpus)}" if pool.cpus else "it has none",
            )
        await self._pools.remove(name, chosen)

    async def rename(self, name: str, new: str, caller: Caller) -> None:
        self._permit(caller, "cpupool-rename")
        check_name(new)
        await self._find(name)
        await self._refuse_taken(new)
        await self._pools.rename(name, new)

    async def split(self, caller: Caller) -> None:
        """Make a pool of each NUMA node, where there is only one pool."""
        self._permit(caller, "cpupool-numa-split")
        pools, _ = await self.list()
        if len(pools) > 1:
            others = [pool.name for pool in pools if pool.name != POOL_0]
            raise conflict(f"there are other pools already: {', '.join(others)}", "xm cpupool-destroy them first")
        await self._pools.split()

    def migrate(self, ref: str, name: str, scope: Scope, caller: Caller) -> Job:
        """Move a domain into another pool, as a job; its result is `{"domain": NAME, "file": FILE, "notes": [TEXT]}`.
        Raises as `Scopes.start`.
        """

        async def work(asked: Asked) -> dict[str, Any]:
            check_name(name)
            live = None
            if asked.entry is not None:
                pool = await self._find(name)
                if not pool.cpus:
                    raise conflict(
                        f"the pool '{name}' has no CPUs that a domain could run on", f"xm cpupool-cpu-add {name} CPU"
                    )
                live = partial(self._move, asked.entry, name)
            _, kept = await asked.change(lambda _wanted: (changed("pool", name),), live)
            return {"file": kept.file, "notes": kept.notes}

        return self.scopes.start("cpupool-migrate", ref, scope, caller, work)

    async def _move(self, entry: Entry, name: str) -> None:
        await self._pools.move(entry.started.uuid, name)
        config = entry.started.config
        await self.lifecycle.note(entry, config=replace(config, other=config.other | {"pool": name}))

    @property
    def _pools(self) -> CpuPools:
        return cast(DividesCpus, self.lifecycle.engine).pools

    def _permit(self, caller: Caller, operation: str) -> None:
        require(caller.role, HOST_OPERATIONS[operation])
        able(HOST_OPERATIONS[operation], self.scopes.turns.report())

    async def _find(self, name: str) -> Pool:
        for pool in await self._pools.all():
            if pool.name == name:
                return pool
        raise no_such_pool(name)

    async def _refuse_taken(self, name: str) -> None:
        if any(pool.name == name for pool in await self._pools.all()):
            raise conflict(f"there is a CPU pool '{name}' already", "xm cpupool-list shows the pools")

    async def _free(self, cpus: str) -> tuple[int, ...]:
        """The CPUs that `cpus` names. Raises a conflict where one is in a pool."""
        chosen = await self._read(cpus)
        for pool in await self._pools.all():
            taken = set(chosen) & set(pool.cpus)
            if taken:
                raise conflict(
                    f"CPU {said(taken)} is in the pool '{pool.name}'",
                    f"take it out first: xm cpupool-cpu-remove {pool.name} {said(taken)}",
                )
        return chosen

    async def _read(self, cpus: str) -> tuple[int, ...]:
        count = (await self.host()).cpus
        chosen = read_cpus(cpus, count)
        return tuple(range(count)) if chosen is None else chosen
