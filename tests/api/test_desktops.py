"""Desktops over WebSocket, with the real process and a guest of a few words."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from tests.support.rdcleanpath import decode, request
from tests.support.rdp_server import PLAIN_CONFIRM, REQUEST
from tests.support.waiting import until
from tests.support.xend import Xend
from websockets.exceptions import InvalidStatus

from xenia.model.errors import timed_out

LIMIT = 60.0


class Guest:
    """Its address, and what it answers whoever asks; the real check of addresses leads to no guest of a test."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(LIMIT)

    async def connect(self, _: object) -> tuple[socket.socket, str]:
        return self.ours, "192.0.2.7"


@pytest.fixture
def guest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    found = Guest()
    monkeypatch.setattr("xenia.manager.desktops.Desktops.connect", lambda _, domain: found.connect(domain))
    with found.ours, found.theirs:
        yield found


def opened(xend: Xend, ref: str = "one", query: str = "", **options: Any) -> Any:
    path = f"ws://xend/v1/domains/{ref}/rdp{query}"
    return websockets.unix_connect(str(xend.socket), path, compression=None, **options)


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    """What shows the screen of a guest; it is ended with the session."""
    found = Guest()

    @asynccontextmanager
    async def of(_: str) -> AsyncIterator[socket.socket]:
        try:
            yield found.ours
        finally:
            found.theirs.close()

    monkeypatch.setattr("tests.support.xend.no_view", of)
    with found.ours, found.theirs:
        yield found


async def end_of(browser: Any) -> tuple[int, str]:
    async with asyncio.timeout(LIMIT):
        await browser.wait_closed()
    return browser.close_code, browser.close_reason


async def test_what_a_browser_asks_reaches_the_guest_and_its_answer_the_browser(xend: Xend, guest: Guest) -> None:
    await xend.create("one")
    async with opened(xend, subprotocols=["binary"]) as browser:
        assert browser.subprotocol == "binary"
        asked = request(REQUEST, destination="127.0.0.1:22")
        await browser.send(asked[:7])
        await browser.send(asked[7:])
        assert await asyncio.to_thread(guest.theirs.recv, 100) == REQUEST
        guest.theirs.sendall(PLAIN_CONFIRM)
        answer = decode(await browser.recv())
        assert (answer.error, answer.x224) == ((2, None), PLAIN_CONFIRM)
        assert await end_of(browser) == (4000, "the session is over")
    assert await asyncio.to_thread(guest.theirs.recv, 1) == b""


async def test_a_browser_that_leaves_ends_the_guests_connection(xend: Xend, guest: Guest) -> None:
    await xend.create("one")
    async with opened(xend) as browser:
        await browser.send(request(REQUEST))
        assert await asyncio.to_thread(guest.theirs.recv, 100) == REQUEST
    assert await asyncio.to_thread(guest.theirs.recv, 1) == b""


async def test_what_is_no_request_is_answered_as_such(xend: Xend, guest: Guest) -> None:
    await xend.create("one")
    async with opened(xend) as browser:
        await browser.send("no RDCleanPath")
        assert decode(await browser.recv()).error == (1, 400)
        assert await end_of(browser) == (4000, "the session is over")


async def test_where_no_address_is_known_a_pdu_says_so_and_the_end_why(xend: Xend) -> None:
    await xend.create("one")
    async with opened(xend) as browser:
        await browser.send(request(REQUEST))
        assert decode(await browser.recv()).error == (1, 503)
        code, why = await end_of(browser)
    assert code == 4002
    assert why == "domain 'one' cannot be reached from the host: of its addresses none is known"


async def test_a_guest_that_does_not_answer_is_told_in_words_that_fit(
    xend: Xend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: object) -> None:
        raise timed_out("\u00fc" * 200)

    monkeypatch.setattr("xenia.manager.desktops.Desktops.connect", connect)
    await xend.create("one")
    async with opened(xend) as browser:
        await browser.send(request(REQUEST))
        assert decode(await browser.recv()).error == (1, 504)
        assert await end_of(browser) == (4002, "\u00fc" * 61)


async def test_no_answer_comes_before_somebody_asks_and_who_leaves_needs_none(xend: Xend) -> None:
    await xend.create("one")
    async with opened(xend) as browser:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await browser.recv()


@pytest.mark.parametrize(("ref", "status"), [("nobody", 404), ("Domain-0", 422)])
async def test_what_has_no_desktop_is_refused_before_the_upgrade(xend: Xend, ref: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as answer:
        await opened(xend, ref)
    assert answer.value.response.status_code == status


async def test_a_paused_guest_is_refused(xend: Xend) -> None:
    await xend.create("one")
    await xend.post("/domains/one/pause", {}, wait=10)
    with pytest.raises(InvalidStatus) as answer:
        await opened(xend)
    assert answer.value.response.status_code == 409


async def test_it_ends_when_xend_stops(xend: Xend, guest: Guest) -> None:
    await xend.create("one")
    async with opened(xend) as browser:
        await browser.send(request(REQUEST))
        assert await asyncio.to_thread(guest.theirs.recv, 100) == REQUEST
        xend.doors.stopping.set()
        assert await end_of(browser) == (1001, "xend is stopping")


async def test_the_screen_as_the_host_shows_it_is_another_server(view: Guest, xend: Xend) -> None:
    await xend.create("one")
    async with opened(xend, query="?of=screen") as browser:
        await browser.send(request(REQUEST))
        assert await asyncio.to_thread(view.theirs.recv, 100) == REQUEST
        view.theirs.sendall(PLAIN_CONFIRM)
        assert decode(await browser.recv()).x224 == PLAIN_CONFIRM
    await until(lambda: view.theirs.fileno() < 0)


async def test_a_screen_that_is_not_shown_over_rdp_is_said(xend: Xend) -> None:
    await xend.create("one")
    async with opened(xend, query="?of=screen") as browser:
        await browser.send(request(REQUEST))
        assert decode(await browser.recv()).error == (1, 422)
        assert await end_of(browser) == (4002, "the screen of this domain is not shown over RDP")


async def test_nothing_else_is_seen(xend: Xend) -> None:
    await xend.create("one")
    with pytest.raises(InvalidStatus) as found:
        await opened(xend, query="?of=127.0.0.1")
    assert found.value.response.status_code in {400, 403, 422}
