"""Tickets: what a page has to open a console or a screen with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.gateway.conftest import Web
from tests.support.rdcleanpath import decode, request
from tests.support.rdp_server import REQUEST
from tests.support.xend import GuestConsole
from websockets.exceptions import InvalidStatus


@pytest.fixture
async def guest(web: Web, tmp_path: Path) -> AsyncIterator[GuestConsole]:
    """The console of a running guest named `one`."""
    with GuestConsole(tmp_path / "in", tmp_path / "log") as console:
        web.xend.consoles[await web.xend.create("one")] = {"serial": console}
        yield console


@pytest.fixture(autouse=True)
def screens_end(web: Web) -> Iterator[None]:
    yield
    for each in web.xend.world.host.guests.values():
        each.close()


async def ticket_of(web: Web, secret: str, door: str = "console", ref: str = "one") -> str:
    async with web.client(authorization=f"Bearer {secret}") as client:
        answer = await client.post(f"/v1/domains/{ref}/tickets", json={"for": door})
    assert answer.status_code == 201, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


def shown(web: Web, ticket: str, door: str = "console", ref: str = "one", **headers: str) -> Any:
    """A WebSocket with that ticket and no login."""
    return websockets.connect(
        f"wss://{web.host}/v1/domains/{ref}/{door}",
        ssl=web.tls,
        subprotocols=[f"xenia.ticket.{ticket}", "binary"],  # type: ignore[list-item]
        additional_headers=headers,
    )


async def refused(web: Web, ticket: str, status: int = 401, **words: str) -> None:
    with pytest.raises(InvalidStatus) as answer:
        await shown(web, ticket, **words)
    assert answer.value.response.status_code == status
    assert ticket not in repr(answer.value.response)


async def test_a_page_opens_a_console_with_a_ticket_once(web: Web, guest: GuestConsole) -> None:
    secret = await web.secret("olga")
    ticket = await ticket_of(web, secret)
    origin = {"origin": web.url, "sec-fetch-site": "same-origin"}
    async with shown(web, ticket, **origin) as console:
        assert console.subprotocol == "binary"
        await guest.connected()
        guest.say(b"login: ")
        assert await console.recv() == b"login: "
        await console.send(b"root\r")
        await guest.hears(b"root\r")
        await refused(web, ticket, **origin)
    opened = next(each for each in web.xend.audit if each["status"] == 101)
    assert (opened["user"], opened["role"], opened["address"]) == ("olga", "operator", "127.0.0.1")
    assert (opened["path"], opened["method"]) == ("/v1/domains/one/console", "WEBSOCKET")
    assert opened["token"]
    assert ticket not in json.dumps(web.xend.audit)


async def test_a_page_opens_a_screen_with_a_ticket(web: Web) -> None:
    uuid = await web.xend.create("one")
    ticket = await ticket_of(web, await web.secret("olga"), "vncviewer")
    async with shown(web, ticket, "vncviewer") as screen:
        assert screen.subprotocol == "binary"
        (seen,) = web.xend.world.host.guests[uuid].screens
        seen.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(seen, b"RFB 003.008\n")
        assert await screen.recv() == b"RFB 003.008\n"


async def test_a_ticket_that_is_over_opens_nothing(web: Web, guest: GuestConsole) -> None:
    ticket = await ticket_of(web, await web.secret("olga"))
    web.xend.later[0] += 30
    await refused(web, ticket)


@pytest.mark.parametrize("words", [{"ref": "two"}, {"ref": "none"}, {"door": "vncviewer"}])
async def test_a_ticket_is_for_one_door_of_one_domain(web: Web, guest: GuestConsole, words: dict[str, str]) -> None:
    await web.xend.create("two")
    ticket = await ticket_of(web, await web.secret("ada"))
    await refused(web, ticket, **words)
    await refused(web, ticket)  # it was shown


async def test_a_ticket_opens_no_other_route(web: Web, guest: GuestConsole) -> None:
    ticket = await ticket_of(web, await web.secret("ada"))
    offered: Any = [f"xenia.ticket.{ticket}"]
    with pytest.raises(InvalidStatus) as answer:
        await websockets.connect(f"wss://{web.host}/v1/stream", ssl=web.tls, subprotocols=offered)
    assert answer.value.response.status_code == 401


async def test_a_ticket_is_worth_what_the_token_is(web: Web, guest: GuestConsole) -> None:
    secret = await web.secret("olga")
    ticket = await ticket_of(web, secret)
    async with web.client(authorization=f"Bearer {secret}") as client:
        assert (await client.post("/v1/logout")).status_code == 200
    await refused(web, ticket)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_page_of_another_host_uses_no_ticket(web: Web, guest: GuestConsole, headers: dict[str, str]) -> None:
    secret = await web.secret("olga")
    ticket = await ticket_of(web, secret)
    await refused(web, ticket, 403, **headers)
    await refused(web, ticket, 403, **headers, cookie=f"__Host-xenia={secret}")
    async with shown(web, ticket):
        pass  # xend never saw it


@pytest.mark.parametrize("ticket", ["", "x", "made-up_" * 8])
async def test_what_is_no_ticket_opens_nothing_and_no_login_makes_it_good(
    web: Web, guest: GuestConsole, ticket: str
) -> None:
    secret = await web.secret("ada")
    with pytest.raises(InvalidStatus) as answer:
        await shown(web, ticket, authorization=f"Bearer {secret}")
    assert answer.value.response.status_code == 401


async def test_who_may_not_gets_no_ticket(web: Web, guest: GuestConsole) -> None:
    for user, ref, body, status in (
        ("vic", "one", {"for": "console"}, 403),
        ("olga", "none", {"for": "console"}, 404),
        ("olga", "0", {"for": "console"}, 422),
        ("olga", "one", {"for": "stream"}, 422),
        ("olga", "one", {}, 422),
        ("olga", "one", {"for": "console", "seconds": 3600}, 422),
    ):
        async with web.client(authorization=f"Bearer {await web.secret(user)}") as client:
            answer = await client.post(f"/v1/domains/{ref}/tickets", json=body)
        assert answer.status_code == status, answer.text


async def test_a_ticket_stays_with_the_domain_when_that_has_another_name(web: Web, guest: GuestConsole) -> None:
    ticket = await ticket_of(web, await web.secret("ada"))
    renamed = await web.xend.post("/domains/one/rename", {"name": "other"}, wait=10)
    assert renamed.status_code == 200, renamed.text
    async with shown(web, ticket, ref="other"):
        pass


async def test_subprotocols_that_are_nonsense_do_no_harm(web: Web, guest: GuestConsole) -> None:
    headers = {"authorization": f"Bearer {await web.secret('olga')}"}
    offered: Any = [*(f"p{number}" for number in range(200)), "x" * 500]
    address = f"wss://{web.host}/v1/domains/one/console"
    async with websockets.connect(address, ssl=web.tls, subprotocols=offered, additional_headers=headers) as console:
        assert console.subprotocol is None


async def test_what_was_opened_ends_with_the_login(
    web: Web, guest: GuestConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.api.lasting._LOOK_AGAIN", 0.05)
    uuid = next(iter(web.xend.consoles))
    secret, other = await web.secret("olga"), await web.secret("ada")
    headers = {"authorization": f"Bearer {secret}"}
    console = await shown(web, await ticket_of(web, secret))
    screen = await shown(web, await ticket_of(web, secret, "vncviewer"), "vncviewer")
    stream = await websockets.connect(f"wss://{web.host}/v1/stream", ssl=web.tls, additional_headers=headers)
    await stream.recv()
    async with web.client(**headers) as client, client.stream("GET", "/v1/events") as events:
        lines = events.aiter_lines()
        await anext(lines)
        async with shown(web, await ticket_of(web, other)) as stays:
            assert (await client.post("/v1/logout")).status_code == 200
            async with asyncio.timeout(30):
                for each in (console, screen, stream):
                    await each.wait_closed()
                    assert each.close_code == 1008
                assert not [line async for line in lines if line]
            await guest.connected()
            guest.say(b"still here")
            assert await stays.recv() == b"still here"
    assert web.xend.world.host.guests[uuid].screens


async def test_a_ticket_opens_a_desktop_and_that_alone(web: Web, guest: GuestConsole) -> None:
    secret = await web.secret("olga")
    await refused(web, await ticket_of(web, secret, "rdp"), door="vncviewer")
    async with shown(web, await ticket_of(web, secret, "rdp"), door="rdp") as desktop:
        await desktop.send(request(REQUEST))
        assert decode(await desktop.recv()).error == (1, 503)  # no address of it is known
