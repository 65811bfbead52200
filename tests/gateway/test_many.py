"""Very many who listen at once, and some who would have xend or xenia-web take ever more memory."""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.api.test_events import bus_of, started
from tests.gateway.conftest import Web
from tests.gateway.test_process import Host, host
from tests.support.stream import event, frame, row, until_told
from tests.support.xend import GuestConsole
from websockets.asyncio.client import ClientConnection

from xenia.model.event import EventKind

__all__ = ["host"]

LISTENERS = 500
CONSOLES = 50
AT_ONCE = 20
"""Handshakes under way."""

MIB = 1 << 20


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Room for both ends of all connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def all_of(stack: AsyncExitStack, connections: list[Any]) -> list[ClientConnection]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(connection: Any) -> ClientConnection:
        async with turn:
            opened: ClientConnection = await connection
        stack.push_async_callback(opened.close)
        return opened

    return await asyncio.gather(*map(one, connections))


@pytest.mark.usefixtures("descriptors")
async def test_many_listeners_and_consoles_hear_the_same(web: Web, tmp_path: Path) -> None:
    xend = web.xend
    door = str(xend.web)
    headers = {"authorization": f"Bearer {await web.secret('olga')}"}
    async with AsyncExitStack() as stack:
        guests = []
        for number in range(CONSOLES // 5):
            guest = stack.enter_context(GuestConsole(tmp_path / f"in{number}", tmp_path / f"log{number}"))
            xend.consoles[await xend.create(f"g{number}")] = {"serial": guest}
            guests.append(guest)
        stream, console = "ws://xend/v1/stream", "ws://xend/v1/domains/g{}/console"
        words: dict[str, Any] = {"additional_headers": headers, "compression": None}
        streams = await all_of(stack, [websockets.unix_connect(door, stream, **words) for _ in range(LISTENERS)])
        consoles = await all_of(
            stack, [websockets.unix_connect(door, console.format(each // 5), **words) for each in range(CONSOLES)]
        )
        for guest in guests:
            guest.say(b"hello")
        assert await asyncio.gather(*(each.recv() for each in consoles)) == [b"hello"] * CONSOLES
        await xend.post("/domains/g0/pause", wait=30)
        told = await asyncio.gather(*(until_told(each, row("g0", "paused")) for each in streams))
        for seen in told:
            assert seen[0]["type"] == "state"
            assert sum(event("paused", "g0")(each) for each in seen) == 1


@pytest.mark.usefixtures("descriptors")
async def test_many_listeners_over_tls_cost_a_bounded_amount_of_memory(host: Host) -> None:
    """In processes of their own, which are started with room for few descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    host.start_all()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    headers = {"authorization": f"Bearer {host.secret()}"}
    address, tls = host.url("/v1/stream").replace("https", "wss"), host.tls
    before = {name: host.memory(name) for name in ("daemon", "gateway")}
    async with AsyncExitStack() as stack:
        connections = [
            websockets.connect(address, ssl=tls, additional_headers=headers, ping_interval=None, compression=None)
            for _ in range(LISTENERS)
        ]
        streams = await all_of(stack, connections)
        assert {(await frame(each))["type"] for each in streams} == {"state"}
        await asyncio.to_thread(host.create, "one")
        await asyncio.gather(*(until_told(each, row("one", "running")) for each in streams))
        grown = {name: host.memory(name) - before[name] for name in before}
    # Some 45 KiB for each in xend; in xenia-web 330, for TLS and a WebSocket on either side.
    assert grown["daemon"] < 100 * MIB, grown
    assert grown["gateway"] < 400 * MIB, grown


async def test_a_flood_that_nobody_reads_takes_no_more_than_the_log(web: Web) -> None:
    """However much happens, what waits for listeners that are asleep is the log that all share, and a buffer each."""
    await web.xend.create("one")
    headers = {"authorization": f"Bearer {await web.secret('vic')}"}
    bus, guest = bus_of(web.xend), started(web.xend)
    async with AsyncExitStack() as stack:
        address = f"wss://{web.host}/v1/stream"
        asleep = await all_of(
            stack,
            [
                websockets.connect(address, ssl=web.tls, additional_headers=headers, max_queue=1, close_timeout=0.1)
                for _ in range(10)
            ],
        )
        for each in asleep:
            await frame(each)
            each.transport.pause_reading()
        for _ in range(50):
            for _ in range(400):
                bus.publish(EventKind.PAUSED, guest, "x" * 2000)
            await web.xend.get("/host")
        assert written_and_not_taken() < 1 * MIB
        for each in asleep:
            each.transport.resume_reading()


@pytest.mark.parametrize("door", ["xend", "xenia-web"])
async def test_pings_whose_answers_nobody_takes_pile_up_nowhere(web: Web, door: str) -> None:
    path = "/v1/stream"
    if door == "xend":
        flooding = await websockets.unix_connect(str(web.xend.socket), f"ws://xend{path}", max_queue=1)
    else:
        headers = {"authorization": f"Bearer {await web.secret('vic')}"}
        flooding = await websockets.connect(
            f"wss://{web.host}{path}", ssl=web.tls, additional_headers=headers, max_queue=1
        )
    await frame(flooding)
    flooding.transport.pause_reading()
    ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
    for _ in range(400):
        flooding.transport.write(ping * 500)
        while flooding.transport.get_write_buffer_size():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0)
    assert written_and_not_taken() < 2 * MIB
    flooding.transport.abort()
    await flooding.wait_closed()


def written_and_not_taken() -> int:
    """Bytes in the fullest buffer of all connections of this process: those of clients, xenia-web and xend."""
    return max(
        each.get_write_buffer_size()
        for each in gc.get_objects()
        # By its type: what other tests have left may be a weak reference to something that is gone.
        if issubclass(type(each), asyncio.WriteTransport) and not each.is_closing()
    )
