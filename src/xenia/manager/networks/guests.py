"""Which guests are on which network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xenia.engines.base import Observed
from xenia.manager.table import Table
from xenia.model.network import Network
from xenia.store.records import Records

EMULATED = "-emu"
"""Xen's device model has an interface of its own beside that of the paravirtual card (libxl)."""


@dataclass(frozen=True, slots=True)
class Guests:
    """`default_bridge` is that of cards which name none; `observe` is what the engine sees of a domain."""

    table: Table
    records: Records
    default_bridge: str
    observe: Callable[[str], Observed | None]

    def on(self, network: Network) -> tuple[str, ...]:
        """The domains that run with a card on it."""
        return self.on_bridge(network.bridge)

    def on_bridge(self, bridge: str) -> tuple[str, ...]:
        found = [
            entry.started.config.name
            for entry in self.table
            if any((vif.bridge or self.default_bridge) == bridge for vif in entry.started.config.vifs)
        ]
        return tuple(sorted(found))

    def ports(self, bridge: str) -> tuple[str, ...]:
        """The host's ends of their cards on it."""
        found: list[str] = []
        for entry in self.table:
            observed = self.observe(entry.started.uuid)
            ends = observed.vifs if observed is not None else ()
            for vif, end in zip(entry.started.config.vifs, ends, strict=False):
                if (vif.bridge or self.default_bridge) == bridge:
                    found += [end, f"{end}{EMULATED}"]
        return tuple(found)

    def names(self) -> dict[str, str]:
        """The domain of each card that one was decided for, by its address."""
        return {mac: record.name for record in self.records.all() for mac in record.macs}
