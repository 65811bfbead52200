"""Tickets: each good once, for a short time."""

from __future__ import annotations

import pytest

from xenia.manager.logins.tickets import MOST, SECONDS, Tickets
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.ticket import Door

OLGA = Caller(None, "olga", Role.OPERATOR, "203.0.113.9", "52a48826")
ADA = Caller(0, "ada", Role.ADMINISTRATOR)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_is_taken_once_and_says_what_it_is_for() -> None:
    tickets = Tickets(Clock())
    given = tickets.give(OLGA, Door.CONSOLE, "a")
    assert given.expires == 1000.0 + SECONDS
    ticket = tickets.take(given.ticket)
    assert (ticket.caller, ticket.door, ticket.uuid) == (OLGA, "console", "a")
    with pytest.raises(XeniaError) as refused:
        tickets.take(given.ticket)
    assert refused.value.kind is ErrorKind.UNAUTHENTICATED


def test_a_ticket_is_over_after_half_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    given, other = (tickets.give(OLGA, Door.CONSOLE, "a") for _ in range(2))
    clock.now += SECONDS - 0.1
    tickets.take(other.ticket)
    clock.now += 0.1
    with pytest.raises(XeniaError, match="over"):
        tickets.take(given.ticket)


def test_secrets_are_long_and_not_kept() -> None:
    tickets = Tickets(Clock())
    given = [tickets.give(OLGA, Door.CONSOLE, "a").ticket for _ in range(20)]
    assert len(set(given)) == 20
    assert all(len(each) == 43 for each in given)  # 256 bits in base64
    assert not any(each in repr(tickets.__dict__) for each in given)


def test_nobody_has_more_than_a_hundred_and_others_have_theirs() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    for _ in range(MOST):
        tickets.give(OLGA, Door.CONSOLE, "a")
    with pytest.raises(XeniaError) as refused:
        tickets.give(OLGA, Door.CONSOLE, "a")
    assert refused.value.kind is ErrorKind.TOO_MANY
    tickets.give(ADA, Door.SCREEN, "a")
    clock.now += SECONDS
    tickets.give(OLGA, Door.CONSOLE, "a")
    assert len(tickets._tickets) == 1


@pytest.mark.parametrize("secret", ["", "x", "é", "\udcff", "x" * 10_000])
def test_what_is_no_ticket_is_none(secret: str) -> None:
    with pytest.raises(XeniaError):
        Tickets(Clock()).take(secret)
