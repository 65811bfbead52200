"""An agent at the other end of a socket, as good or as bad as a test wants it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from xenia.engines.qga.agent import QemuGuestAgent
from xenia.engines.qga.channel import Channel
from xenia.lib.aio import Tasks

Behaviour = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The agent's end of one connection; `asked` are the commands that have come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.asked: list[str] = []

    async def request(self) -> dict[str, Any]:
        line = await self._reader.readline()
        if not line:
            raise ConnectionResetError
        request: dict[str, Any] = json.loads(line.lstrip(b"\xff"))
        self.asked.append(request["execute"])
        return request

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, value: Any) -> None:
        await self.say(json.dumps({"return": value}).encode() + b"\n")

    async def come_in_step(self) -> None:
        request = await self.request()
        assert request["execute"] == "guest-sync-delimited"
        await self.say(b'\xff{"return": %d}\n' % request["arguments"]["id"])


async def well_behaved(peer: Peer, answers: dict[str, Any]) -> None:
    """`answers` are values by command; an error object for one that is an Exception."""
    while True:
        request = await peer.request()
        command = request["execute"]
        if command == "guest-sync-delimited":
            await peer.say(b'\xff{"return": %d}\n' % request["arguments"]["id"])
        elif isinstance(answers.get(command), Exception):
            error = {"class": "GenericError", "desc": str(answers[command])}
            await peer.say(json.dumps({"error": error}).encode() + b"\n")
        elif command in answers:
            await peer.answer(answers[command])
        else:
            error = {"class": "CommandNotFound", "desc": f"The command {command} has not been found"}
            await peer.say(json.dumps({"error": error}).encode() + b"\n")


class FakeAgent:
    """`behave` is run for each connection that is made to it."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._tasks = Tasks()
        self.peers: list[Peer] = []
        self.there = True
        self.channel = Channel(self._connect)
        self.agent = QemuGuestAgent(self.channel, lambda: "web", lambda: self.there)

    def _connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._tasks.start(self._serve(theirs), name="agent")
        return ours

    async def _serve(self, theirs: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=theirs)
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await self._behave(peer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        self.channel.close()
        await self._tasks.close()


@asynccontextmanager
async def agent_that(behave: Behaviour) -> AsyncIterator[FakeAgent]:
    fake = FakeAgent(behave)
    try:
        yield fake
    finally:
        await fake.close()
