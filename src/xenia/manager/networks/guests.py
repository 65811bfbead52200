"""Which guests are on which network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xenia.engines.base import Observed
from xenia.manager.table import Table
from xenia.model.domain import Started
from xenia.model.network import Network
from xenia.model.vif import Vif
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
        return self._of(lambda vif: self._is_in(vif, network))

    def on_bridge(self, bridge: str) -> tuple[str, ...]:
        return self._of(lambda vif: self._is_on(vif, bridge))

    def _of(self, chosen: Callable[[Vif], bool]) -> tuple[str, ...]:
        return tuple(sorted(each.config.name for each in self._started() if any(map(chosen, each.config.vifs))))

    def _started(self) -> list[Started]:
        return [entry.started for entry in self.table]

    def bridge_of(self, vif: Vif) -> str:
        """Of a card that names no network."""
        return vif.bridge or self.default_bridge

    def _is_in(self, vif: Vif, network: Network) -> bool:
        return vif.network == network.name or self._is_on(vif, network.bridge)

    def _is_on(self, vif: Vif, bridge: str) -> bool:
        return not vif.network and self.bridge_of(vif) == bridge

    def ports(self, network: Network) -> tuple[str, ...]:
        """The host's ends of their cards on it."""
        found: list[str] = []
        for started in self._started():
            observed = self.observe(started.uuid)
            ends = observed.vifs if observed is not None else ()
            for vif, end in zip(started.config.vifs, ends, strict=False):
                if self._is_in(vif, network):
                    found += [end, f"{end}{EMULATED}"]
        return tuple(found)

    def names(self) -> dict[str, str]:
        """The domain of each card that one was decided for, by its address."""
        return {mac: record.name for record in self.records.all() for mac in record.macs}
