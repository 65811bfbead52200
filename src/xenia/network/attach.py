"""A card of one guest and what it is attached to."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.vif import Vif


@dataclass(frozen=True, slots=True)
class AttachedVif:
    """`mac` is decided. `tap` is the descriptor of a tap device named `ifname` that is a port of `bridge`; None means user-mode networking."""

    vif: Vif
    mac: str
    tap: int | None = None
    ifname: str = "user"
    bridge: str | None = None
