"""Tickets, in memory alone: by the digests of their secrets, as tokens are kept, and gone with xend.

A browser can send no header with a WebSocket, and what it names in a URL is found in logs and histories. So a page asks
for a ticket, which goes along as a subprotocol and is worth nothing to who finds it later.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, too_many, unauthenticated
from xenia.model.ticket import Door, GivenTicket, Ticket

SECONDS = 30.0
MOST = 100
"""Of one user, that were not used yet."""


class Tickets:
    """`clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tickets: dict[str, Ticket] = {}

    def give(self, caller: Caller, door: Door, uuid: str) -> GivenTicket:
        """A ticket for the domain `uuid`, on which what it opens was permitted to `caller`. Raises too_many."""
        now = self._clock()
        self._tickets = {digest: each for digest, each in self._tickets.items() if each.expires > now}
        if sum(each.caller.name == caller.name for each in self._tickets.values()) >= MOST:
            raise too_many(
                f"'{caller.name}' has {MOST} tickets that were not used", f"try again in {SECONDS:g} seconds"
            )
        secret = secrets.token_urlsafe(32)
        ticket = Ticket(caller, door, uuid, now + SECONDS)
        self._tickets[_digest(secret)] = ticket
        return GivenTicket(secret, ticket.expires)

    def take(self, secret: str) -> Ticket:
        """Whatever becomes of it, a ticket that was shown is used up. Raises unauthenticated for one that is unknown,
        used or over.
        """
        ticket = self._tickets.pop(_digest(secret), None)
        if ticket is None or ticket.expires <= self._clock():
            raise refused()
        return ticket


def refused() -> XeniaError:
    """One answer to all that is wrong with a ticket: who tries them learns nothing."""
    return unauthenticated(
        "the ticket is not known, was used, is over, or is for something else", "ask for another one: POST .../tickets"
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
