"""Tickets: what opens one console, screen or desktop of one domain, once, within half a minute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.caller import Caller


class Door(StrEnum):
    """What a ticket is for; the last word of the route that it opens."""

    CONSOLE = "console"
    SCREEN = "vncviewer"
    DESKTOP = "rdp"


@dataclass(frozen=True, slots=True)
class Ticket:
    """`caller` is who it was made for, as they were then. `expires` is seconds since the epoch."""

    caller: Caller
    door: Door
    uuid: str
    expires: float


@dataclass(frozen=True, slots=True)
class GivenTicket:
    """A ticket when it is made: it is told this once."""

    ticket: str
    expires: float
