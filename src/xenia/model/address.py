"""The IP addresses of guests, and who tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Who tells of an address, the most trustworthy first."""

    FILE = "file"
    """`ip=` in the guest file."""
    LEASE = "lease"
    """The DHCP server of one of our networks."""
    AGENT = "agent"
    """The agent in the guest."""
    NEIGHBOUR = "neighbour"
    """The host has spoken with it (its table of neighbours)."""


@dataclass(frozen=True, slots=True)
class CardAddress:
    """`vif` is the number of the card; `ip` has no prefix."""

    vif: int
    ip: str
    source: Source


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The host has heard that `ip` is at the hardware address `mac`."""

    ip: str
    mac: str
