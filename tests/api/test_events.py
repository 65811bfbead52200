"""The stream of what happens."""

import asyncio
import json
from typing import Any

import pytest
from tests.support.xend import Xend

from xenia.api import events
from xenia.manager.events import EventBus
from xenia.model.domain import Started
from xenia.model.event import EventKind


async def frames(lines: Any, count: int) -> list[dict[str, Any]]:
    """The next `count` events of a stream."""
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
            if len(seen) == count:
                break
    return seen


def bus_of(xend: Xend) -> EventBus:
    return xend.manager._parts.bus


def started(xend: Xend) -> Started:
    return next(iter(xend.manager._parts.lifecycle.table)).started


async def forgotten(xend: Xend) -> None:
    """Returns when nobody listens any more; each look is a round trip through xend."""
    async with asyncio.timeout(10):
        while bus_of(xend)._listeners:
            await xend.get("/host")


async def test_what_happens_is_told_to_everyone_in_order(xend: Xend) -> None:
    async with xend.client.stream("GET", "/v1/events") as one, xend.client.stream("GET", "/v1/events") as two:
        assert one.headers["content-type"].startswith("text/event-stream")
        uuid = await xend.create("guest")
        await xend.post("/domains/guest/pause", wait=10)
        for stream in (one, two):
            begun, paused = await frames(stream.aiter_lines(), 2)
            assert (begun["kind"], begun["domain"], begun["uuid"], begun["domid"]) == ("started", "guest", uuid, 1)
            assert (paused["kind"], paused["sequence"]) == ("paused", begun["sequence"] + 1)


async def test_a_frame_names_kind_and_sequence(xend: Xend) -> None:
    async with xend.client.stream("GET", "/v1/events") as stream:
        await xend.create("guest")
        lines = stream.aiter_lines()
        async with asyncio.timeout(10):
            seen = [await anext(lines) for _ in range(4)]
        assert seen[0].startswith(":")
        assert seen[2:] == ["id: 1", "event: started"]


async def test_a_stream_ends_when_xend_stops(xend: Xend) -> None:
    async with xend.client.stream("GET", "/v1/events") as stream:
        xend.doors.stopping.set()
        async with asyncio.timeout(5):
            assert [line async for line in stream.aiter_lines() if line.startswith("data")] == []


async def test_a_reader_that_falls_behind_is_ended_without_a_gap(xend: Xend) -> None:
    await xend.create("guest")
    async with xend.client.stream("GET", "/v1/events") as stream:
        for _ in range(1500):
            bus_of(xend).publish(EventKind.PAUSED, started(xend))
        async with asyncio.timeout(10):
            seen = [json.loads(line[6:])["sequence"] async for line in stream.aiter_lines() if line.startswith("data")]
    assert len(seen) <= 1001
    assert seen == list(range(seen[0], seen[0] + len(seen)))


async def test_a_reader_that_takes_nothing_is_cut_off(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SEND_TIMEOUT", 0.1)
    await xend.create("guest")
    _, writer = await asyncio.open_unix_connection(xend.socket, limit=1)
    writer.write(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        while not bus_of(xend)._listeners:
            await xend.get("/host")
    for _ in range(900):
        bus_of(xend).publish(EventKind.PAUSED, started(xend), "x" * 1000)
    await forgotten(xend)
    writer.close()


async def test_a_reader_that_leaves_is_forgotten(xend: Xend) -> None:
    async with xend.client.stream("GET", "/v1/events") as stream:
        assert stream.status_code == 200
        assert len(bus_of(xend)._listeners) == 1
    await forgotten(xend)
