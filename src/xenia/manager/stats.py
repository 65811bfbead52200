"""What domains have used, beside what they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from xenia.engines.base import Engine
from xenia.manager.inventory import Inventory
from xenia.model.domain import Domain
from xenia.model.stats import Stats


@dataclass(frozen=True, slots=True)
class Counted:
    """`at` is when it was read, in seconds of a clock that is never set back: rates are differences over it."""

    at: float
    domains: Sequence[tuple[Domain, Stats]]


@dataclass(frozen=True, slots=True)
class StatsReader:
    engine: Engine
    inventory: Inventory

    async def all(self) -> Counted:
        """Domain-0 and what runs, by domain id. Raises XeniaError where the engine does not answer."""
        told, _ = await asyncio.gather(self.engine.stats(), self.inventory.measure())  # while engines are asked
        domains = self.inventory.all(everything=False)
        return Counted(time.monotonic(), [(each, told.get(each.uuid, Stats())) for each in domains])

    async def one(self, ref: str) -> Counted:
        """Raises as `Inventory.find`, and as `all`. A domain that does not run has used nothing."""
        domain = await self.inventory.look_up(ref)
        told = await self.engine.stats(domain.uuid) if domain.domid is not None else {}
        return Counted(time.monotonic(), [(domain, told.get(domain.uuid, Stats()))])
