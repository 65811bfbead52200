"""Text consoles over WebSocket."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.support.xend import GuestConsole, Xend
from websockets.exceptions import ConnectionClosedError, InvalidStatus


@pytest.fixture
async def serial(xend: Xend, tmp_path: Path) -> AsyncIterator[GuestConsole]:
    """The serial console of a running guest named `guest`."""
    with GuestConsole(tmp_path / "serial.in", tmp_path / "serial.log") as console:
        xend.consoles[await xend.create("guest")] = {"serial": console}
        yield console


async def receives(watcher: Any, expected: bytes) -> None:
    seen = b""
    async with asyncio.timeout(5):
        while len(seen) < len(expected):
            frame = await watcher.recv()
            assert isinstance(frame, bytes)
            seen += frame
    assert seen == expected


async def end_of(watcher: Any) -> tuple[int, str]:
    async with asyncio.timeout(10):
        with suppress(ConnectionClosedError):
            async for _ in watcher:
                pass
    return watcher.close_code, watcher.close_reason


async def test_bytes_go_both_ways_as_they_are(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest") as watcher:
        await serial.connected()
        serial.say(b"\x1b[2Jlogin:\xff ")
        await receives(watcher, b"\x1b[2Jlogin:\xff ")
        await watcher.send(b"\x03\xfe")
        await serial.hears(b"\x03\xfe")
        await watcher.send("text is typed, too")
        await serial.hears(b"text is typed, too")


async def test_what_was_said_before_comes_first_as_much_as_is_asked_for(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest") as first:
        await serial.connected()
        serial.say(b"one\ntwo\n")
        await receives(first, b"one\ntwo\n")
        for query, expected in (("", b"one\ntwo\n"), ("?replay=4", b"two\n")):
            async with xend.console("guest", query) as later:
                await receives(later, expected)
        async with xend.console("guest", "?replay=0") as later:
            serial.say(b"three\n")
            await receives(later, b"three\n")


async def test_the_end_of_the_guest_is_said(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest") as watcher:
        await serial.connected()
        serial.end()
        assert await end_of(watcher) == (4000, "the guest is gone")


async def test_the_end_of_xend_is_said(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest") as watcher:
        closing = asyncio.gather(end_of(watcher), xend.doors.consoles.close())
        assert (await closing)[0] == (1001, "xend is stopping; the guest runs on")


async def test_a_watcher_that_reads_nothing_is_ended_and_the_others_go_on(xend: Xend, serial: GuestConsole) -> None:
    slow = await websockets.unix_connect(
        str(xend.socket), "ws://xend/v1/domains/guest/console", compression=None, max_queue=1
    )
    async with xend.console("guest") as quick:
        await serial.connected()
        block = b"x" * 65536
        for _ in range(40):
            serial.say(block)
            await receives(quick, block)
        assert (await end_of(slow))[0] == 4001
        serial.say(b"goes on")
        await receives(quick, b"goes on")


async def test_a_watcher_that_vanishes_is_forgotten(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest"):
        await serial.connected()
        assert len(xend.doors.consoles._watching) == 1
    for vanish in ("abort", "midway"):
        connection = await xend.console("guest")
        if vanish == "midway":
            connection.transport.write(b"\x82\xff")  # half of a frame's head
        connection.transport.abort()
        await connection.wait_closed()
    async with asyncio.timeout(5):
        while xend.doors.consoles._watching:
            await xend.get("/host")


async def refusal(xend: Xend, ref: str, query: str = "") -> dict[str, Any]:
    with pytest.raises(InvalidStatus) as caught:
        async with xend.console(ref, query):
            pass
    response = caught.value.response
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.body or b"")
    assert problem["status"] == response.status_code
    return problem


@pytest.mark.parametrize(
    ("ref", "query", "status", "word"),
    [
        ("nobody", "", 404, "nobody"),
        ("0", "", 422, "Domain-0"),
        ("guest", "?kind=pv", 404, "no paravirtual console"),
        ("guest", "?kind=vnc", 422, "query.kind"),
        ("guest", "?view=perhaps", 422, "query.view"),
        ("guest", "?replay=-1", 422, "query.replay"),
        ("guest", "?replay=65537", 422, "query.replay"),
        ("mute", "", 409, "no text console"),
        ("9" * 300, "", 422, "path.ref"),
    ],
)
async def test_what_cannot_be_watched_is_refused_with_the_reason(
    xend: Xend, serial: GuestConsole, ref: str, query: str, status: int, word: str
) -> None:
    await xend.create("mute")
    problem = await refusal(xend, ref, query)
    assert (problem["status"], word in problem["detail"]) == (status, True), problem


async def test_an_unknown_websocket_is_refused_in_the_same_shape(xend: Xend) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with websockets.unix_connect(str(xend.socket), "ws://xend/v1/nothing"):
            pass
    assert caught.value.response.status_code == 404
    assert b"WebSocket /v1/nothing" in (caught.value.response.body or b"")


async def test_a_frame_that_is_too_large_ends_only_its_sender(
    xend: Xend, serial: GuestConsole, caplog: pytest.LogCaptureFixture
) -> None:
    async with xend.console("guest") as other:
        async with xend.console("guest") as watcher:
            await watcher.send(b"x" * 100_000)
            assert (await end_of(watcher))[0] == 1009
        serial.say(b"still here")
        await receives(other, b"still here")
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_who_is_there_to_view_sees_all_and_types_nothing(xend: Xend, serial: GuestConsole) -> None:
    async with xend.console("guest", "?view=true") as viewer, xend.console("guest", "?view=false") as typist:
        await serial.connected()
        await viewer.send(b"reboot\r")
        await viewer.send("reboot\r")
        await (await viewer.ping())
        await typist.send(b"ls\r")
        await serial.hears(b"ls\r")
        assert bytes(serial.heard) == b"ls\r"
        serial.say(b"seen")
        await receives(viewer, b"seen")
