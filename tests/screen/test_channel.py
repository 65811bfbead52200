from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from xenia.screen.channel import Channel


@pytest.mark.parametrize("garbage", [b"\xff\xfe", b"[1]", b"{", b"[" * 40_000, b"nonsense"])
async def test_who_talks_nonsense_is_let_go_of_with_all_that_came_along(garbage: bytes) -> None:
    heard: list[Any] = []
    lost = asyncio.Event()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel = Channel(ours, lambda message, descriptor: heard.append(message), lost.set)
    reader, writer = os.pipe()
    socket.send_fds(theirs, [garbage], [writer])
    os.close(writer)
    async with asyncio.timeout(30):
        await lost.wait()
    assert os.read(reader, 1) == b"", "nobody has the other end"
    os.close(reader)
    assert theirs.recv(1) == b""
    channel.send({"open": "x"})
    assert heard == []
    theirs.close()


async def test_what_is_said_arrives_with_its_descriptor() -> None:
    heard: asyncio.Queue[tuple[dict[str, Any], int | None]] = asyncio.Queue()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one = Channel(ours, lambda message, descriptor: heard.put_nowait((message, descriptor)), lambda: None)
    other = Channel(theirs, lambda message, descriptor: None, lambda: None)
    reader, writer = os.pipe()
    other.send({"a": 1})
    other.send({"b": 2}, writer)
    os.close(writer)
    assert await heard.get() == ({"a": 1}, None)
    message, descriptor = await heard.get()
    assert message == {"b": 2}
    assert descriptor is not None
    os.write(descriptor, b"x")
    assert os.read(reader, 1) == b"x"
    for each in (descriptor, reader):
        os.close(each)
    other.close()
    one.close()
