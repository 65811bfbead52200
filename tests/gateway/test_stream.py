"""The live state, through xenia-web."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets
from tests.api.test_events import bus_of, started
from tests.gateway.conftest import Web
from tests.support.stream import Page, event, frame, row, until_told

from xenia.api import frame_log
from xenia.model.event import EventKind


async def listener(web: Web, query: str = "", user: str = "vic", **options: Any) -> Any:
    headers = {"authorization": f"Bearer {await web.secret(user)}"}
    address = f"wss://{web.host}/v1/stream{query}"
    return await websockets.connect(address, ssl=web.tls, additional_headers=headers, **options)


async def test_a_viewer_is_told_what_happens_and_goes_on_where_it_left(web: Web) -> None:
    page = Page()
    async with await listener(web) as stream:
        page.take(await frame(stream))
        uuid = await web.xend.create("one")
        for told in await until_told(stream, row("one", "running")):
            page.take(told)
        assert page.domains["one"]["uuid"] == uuid
    await web.xend.post("/domains/one/pause", wait=10)
    async with await listener(web, page.query) as stream:
        told = await until_told(stream, row("one", "paused"))
        assert told[0] == {"type": "resumed"}
        (missed,) = [each for each in told if each["type"] == "event"]
        assert event("paused", "one")(missed)
        assert missed["sequence"] == page.sequence + 1


async def test_a_page_of_this_host_listens_with_its_cookie(web: Web) -> None:
    cookie = {"cookie": f"__Host-xenia={await web.secret('vic')}"}
    address = f"wss://{web.host}/v1/stream"
    own = {"origin": web.url, "sec-fetch-site": "same-origin"}
    async with websockets.connect(address, ssl=web.tls, additional_headers={**cookie, **own}) as stream:
        assert (await frame(stream))["type"] == "state"
    for foreign in ({"origin": "https://evil.example"}, {}):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address, ssl=web.tls, additional_headers={**cookie, **foreign})
        assert refused.value.response.status_code == 403


async def test_a_stream_is_opened_for_the_login_it_is_asked_for_and_no_other(web: Web) -> None:
    secret = await web.secret("vic")
    async with web.client(authorization=f"Bearer {secret}") as client:
        token = (await client.get("/v1/me")).json()["token"]
    address = f"wss://{web.host}/v1/stream?login={token}"
    own, other = ({"authorization": f"Bearer {each}"} for each in (secret, await web.secret("vic")))
    async with websockets.connect(address, ssl=web.tls, additional_headers=own) as stream:
        assert (await frame(stream))["type"] == "state"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(address, ssl=web.tls, additional_headers=other)
    assert refused.value.response.status_code == 409


async def test_a_slow_reader_is_told_to_begin_anew_and_the_others_hear_all(web: Web) -> None:
    await web.xend.create("one")
    bus, guest = bus_of(web.xend), started(web.xend)
    async with await listener(web, max_queue=1) as slow, await listener(web) as quick:
        pages = {slow: Page(), quick: Page()}
        for stream, page in pages.items():
            page.take(await frame(stream))
        slow.transport.pause_reading()
        for _ in range(frame_log.MOST // 100):
            for _ in range(500):
                bus.publish(EventKind.PAUSED, guest, "x" * 1500)
                while pages[quick].sequence < bus.sequence - 100:
                    pages[quick].take(await frame(quick))
        slow.transport.resume_reading()
        bus.publish(EventKind.RESUMED, guest)
        for stream, page in pages.items():
            while page.sequence < bus.sequence:
                page.take(await frame(stream))
        assert pages[quick].resynced == 0
        assert pages[slow].resynced > 0


async def test_who_takes_nothing_is_cut_off_and_costs_nothing_more(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.gateway.relay._PATIENCE", 0.1)
    await web.xend.create("one")
    slow = await listener(web, max_queue=1)
    await frame(slow)
    slow.transport.pause_reading()
    async with asyncio.timeout(60):
        while relayed():
            bus_of(web.xend).publish(EventKind.PAUSED, started(web.xend), "x" * 5000)
            await web.xend.get("/host")
    slow.transport.abort()
    await slow.wait_closed()


def relayed() -> list[asyncio.Task[object]]:
    """What passes on, for somebody."""
    return [each for each in asyncio.all_tasks() if "_to_visitor" in repr(each.get_coro())]
