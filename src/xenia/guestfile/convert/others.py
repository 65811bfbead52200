"""Keys that no field of a configuration holds, as far as another tool knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xenia.guestfile.keys import KEYS, Dialect
from xenia.guestfile.write import Value, writable


def others(other: Mapping[str, Any], dialect: Dialect) -> tuple[dict[str, Value], list[str]]:
    """Those of `other` that the tool of `dialect` knows, and what is lost of the rest."""
    kept: dict[str, Value] = {}
    lost = []
    for name, value in other.items():
        if KEYS[name].dialect not in (dialect, Dialect.BOTH):
            lost.append(f"{name} = {value!r}: only {KEYS[name].dialect} knows this key")
        elif not writable(value):
            lost.append(f"{name} = {value!r}: such a value cannot be written")
        else:
            kept[name] = value
    return kept, lost
