"""Things as JSON data, so that the next xend knows what this one has made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xenia.lib.codec import from_plain, to_plain
from xenia.network.route_things import Proxied, RouteTo
from xenia.network.things import Address, Bridge, Isolation, PacketRules, Port, Service, Sysctl, Thing, Vlan

_KINDS: Sequence[type[Any]] = (
    *(Bridge, Vlan, Port, Isolation, Address, Sysctl, PacketRules, Service),
    *(RouteTo, Proxied),
)


def written(thing: Thing) -> dict[str, Any]:
    """A thing as JSON data."""
    plain: dict[str, Any] = to_plain(thing)
    return {"kind": thing.kind} | plain


def read_back(plain: Mapping[str, Any]) -> Thing:
    """Raises ValueError for what `written` has not written."""
    kinds = {each.kind: each for each in _KINDS}
    if plain.get("kind") not in kinds:
        raise ValueError(f"{plain!r} is nothing of a network")
    thing: Thing = from_plain(kinds[plain["kind"]], plain)
    return thing
