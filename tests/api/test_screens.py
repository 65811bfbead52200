"""Screens over WebSocket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import websockets
from tests.support.xend import Xend
from websockets.exceptions import ConnectionClosed, InvalidStatus


@pytest.fixture(autouse=True)
def guests_that_end(xend: Xend) -> Iterator[None]:
    yield
    for guest in xend.world.host.guests.values():
        guest.close()


def screen_of(xend: Xend, uuid: str) -> socket.socket:
    """The guest's end of the connection that was opened last."""
    found = xend.world.host.guests[uuid].screens[-1]
    found.setblocking(False)
    return found


def opened(xend: Xend, ref: str, **options: Any) -> Any:
    path = f"ws://xend/v1/domains/{ref}/vncviewer"
    return websockets.unix_connect(str(xend.socket), path, compression=None, **options)


async def test_bytes_go_both_ways_and_the_end_is_told(xend: Xend) -> None:
    uuid = await xend.create("guest")
    loop = asyncio.get_running_loop()
    async with opened(xend, "guest") as viewer:
        guest = screen_of(xend, uuid)
        await loop.sock_sendall(guest, b"RFB 003.008\n")
        assert await viewer.recv() == b"RFB 003.008\n"
        await viewer.send(b"RFB 003.008\n\x01\x01")
        assert await loop.sock_recv(guest, 100) == b"RFB 003.008\n\x01\x01"
        await xend.post("/domains/guest/destroy", {}, wait=10)
        with pytest.raises(ConnectionClosed) as closed:
            await viewer.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "the guest is gone")


async def test_several_may_look_and_each_goes_by_themselves(xend: Xend) -> None:
    uuid = await xend.create("guest")
    loop = asyncio.get_running_loop()
    async with opened(xend, "guest", subprotocols=["binary"]) as first:
        assert first.subprotocol == "binary"
        async with opened(xend, "guest"):
            second = screen_of(xend, uuid)
        assert await loop.sock_recv(second, 1) == b""
        guest = xend.world.host.guests[uuid].screens[0]
        guest.setblocking(False)
        await loop.sock_sendall(guest, b"still here")
        assert await first.recv() == b"still here"


async def test_a_viewer_that_does_not_look_has_the_guest_wait(xend: Xend) -> None:
    uuid = await xend.create("guest")
    async with opened(xend, "guest", max_queue=1, close_timeout=0.1):
        guest = screen_of(xend, uuid)
        sent = full = 0
        async with asyncio.timeout(30):
            while sent < 64 << 20 and full < 20:
                try:
                    sent += guest.send(bytes(1 << 16))
                    full = 0
                except BlockingIOError:
                    full += 1
                    await asyncio.sleep(0.01)
        assert sent < 32 << 20


@pytest.mark.parametrize(("ref", "status"), [("none", 404), ("0", 422), ("gone", 404)])
async def test_what_has_no_screen_is_refused_before_the_upgrade(xend: Xend, ref: str, status: int) -> None:
    if ref == "gone":
        await xend.create("gone")
        await xend.post("/domains/gone/destroy", {}, wait=10)
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend, ref)
    assert refused.value.response.status_code == status


async def test_an_engine_without_pictures_says_so(xend: Xend) -> None:
    await xend.create("guest")
    answer = await xend.get("/domains/guest/screenshot")
    assert answer.status_code == 422
    assert "cannot do it" in answer.json()["detail"]
