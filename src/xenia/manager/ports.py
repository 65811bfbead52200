"""The host's ends of the cards of a domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xenia.model.domain import Started
from xenia.model.vif import Vif
from xenia.network.port import KnownAddresses, Port

AddressesOf = Callable[[Vif, str], KnownAddresses]
"""What is known of a card with that hardware address."""


def nothing_known(_vif: Vif, _mac: str) -> KnownAddresses:
    return KnownAddresses()


async def nothing_routed() -> None:
    """Where no card is."""


def ports_of(started: Started, interfaces: Sequence[str], addresses: AddressesOf) -> list[Port]:
    """Those of its cards whose interfaces are known, in list order."""
    cards = zip(interfaces, started.config.vifs, started.macs, strict=False)
    return [Port(interface, mac, vif, addresses(vif, mac)) for interface, vif, mac in cards]
