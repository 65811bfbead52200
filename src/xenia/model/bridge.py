"""The bridge of the host, to which cards go that name no other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BridgeState(StrEnum):
    NONE = "none"
    """There is no such bridge."""
    BARE = "bare"
    """It has no card of the host: guests reach each other by it, and nothing else."""
    MOVING = "moving"
    """A card is being taken or given back."""
    WAITING = "waiting"
    """It has a card, which is given back if nobody confirms."""
    TAKEN = "taken"
    OTHERS = "others"
    """Others than xend have made it and look after it."""


@dataclass(frozen=True, slots=True)
class HostBridge:
    """`interface` is the card that the setting names ("" for none in particular, `none` for no bridge), `card` the one
    that it has. `seconds` are left to confirm. `message` says why it is not as the setting wants it.
    """

    name: str
    state: BridgeState
    interface: str = ""
    card: str = ""
    seconds: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class BridgeWish:
    """What the settings want: the bridge `name`, over the card `interface`. `bare`: without one, there is a bridge
    without a card all the same.
    """

    name: str
    interface: str = ""
    bare: bool = False

    @property
    def card(self) -> str:
        """The card that is wanted, or ""."""
        return "" if self.interface == NO_BRIDGE else self.interface

    @property
    def keep(self) -> bool:
        """Whether there is to be a bridge when it has no card."""
        return self.bare and self.interface != NO_BRIDGE


NO_BRIDGE = "none"
"""What the setting says where there is to be no bridge."""
