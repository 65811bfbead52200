"""CPU pools of a simulated host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xenia.engines.simulated.host import SimulatedHost
from xenia.model.pool import Pool


@dataclass(frozen=True, slots=True)
class SimulatedPools:
    host: SimulatedHost

    async def all(self) -> Sequence[Pool]:
        inside = [guest.pool for guest in self.host.guests.values()]
        return [replace(pool, domains=inside.count(name)) for name, pool in self.host.pools.items()]

    async def create(self, name: str, scheduler: str, cpus: tuple[int, ...]) -> None:
        await self.host.step("create pool")
        self.host.pools[name] = Pool(name, scheduler, cpus, 0)

    async def destroy(self, name: str) -> None:
        del self.host.pools[name]

    async def add(self, name: str, cpus: tuple[int, ...]) -> None:
        pool = self.host.pools[name]
        self.host.pools[name] = replace(pool, cpus=(*pool.cpus, *cpus))

    async def remove(self, name: str, cpus: tuple[int, ...]) -> None:
        pool = self.host.pools[name]
        self.host.pools[name] = replace(pool, cpus=tuple(cpu for cpu in pool.cpus if cpu not in cpus))

    async def rename(self, old: str, new: str) -> None:
        self.host.pools[new] = replace(self.host.pools.pop(old), name=new)

    async def split(self) -> None:
        await self.host.step("split pools")

    async def move(self, uuid: str, name: str) -> None:
        await self.host.step("move to pool")
        self.host.guests[uuid].pool = name
        await self.host.step("moved to pool")
