"""The host's ends of the cards of a domain."""

from __future__ import annotations

from collections.abc import Sequence

from xenia.model.domain import Started
from xenia.network.port import Port


def ports_of(started: Started, interfaces: Sequence[str]) -> list[Port]:
    """Those of its cards whose interfaces are known, in list order."""
    cards = zip(interfaces, started.config.vifs, started.macs, strict=False)
    return [Port(interface, mac, vif) for interface, vif, mac in cards]
