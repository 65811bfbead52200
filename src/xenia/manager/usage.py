"""What domains and the host have used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xenia.manager.inventory import Inventory
from xenia.manager.stats import StatsReader
from xenia.model.domain import Domain
from xenia.model.host import EngineReport, Host
from xenia.model.usage import UsageHistory
from xenia.store.records import Records
from xenia.store.usage import HOST, UsageStore


@dataclass(frozen=True, slots=True)
class UsageKeeper:
    """`clock` gives seconds since the epoch."""

    stats: StatsReader
    inventory: Inventory
    host: Callable[[], Awaitable[Host]]
    engine_report: Callable[[], EngineReport]
    records: Records
    store: UsageStore
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]

    async def of_domain(self, ref: str, hours: int) -> UsageHistory:
        """What a domain has used in the last `hours`. Raises as `Inventory.find`."""
        domain = await self.inventory.look_up(ref)
        return await self.store.history(self.uuid_of(domain), hours, self.clock())

    async def of_host(self, hours: int) -> UsageHistory:
        """The same of the host. Disks and cards are those of all domains together."""
        return await self.store.history(HOST, hours, self.clock())

    def uuid_of(self, domain: Domain) -> str:
        """That of one that does not run is remembered; "" where it has never run."""
        record = None if domain.uuid else self.records.by_name(domain.name)
        return domain.uuid if record is None else record.uuid
