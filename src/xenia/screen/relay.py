"""The doors themselves, in a process without rights: viewers are let in, and connected with the screens that xend opens
for them.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from xenia.lib.aio import Tasks
from xenia.lib.splice import splice
from xenia.lib.wire import Wire, visitors
from xenia.screen.channel import Channel
from xenia.screen.handshake import Broken, Refused, Terms, admit, enter, refuse
from xenia.screen.tries import Tries

MOST_VIEWERS = 256
"""At all doors together."""

_AT_ONE_DOOR = 32
_SECONDS = 30.0
"""Until a viewer has come in."""
_FAREWELL = 5.0
"""For one that is not let in to read why."""
_QUIET = 1.0


@dataclass(slots=True, eq=False)
class _Door:
    terms: Terms
    listener: socket.socket
    by_door: bool
    listening: asyncio.Task[None] | None = None
    viewers: set[asyncio.Task[None]] = field(default_factory=set)


class Relay:
    """Its orders come over `connection`: {"open": UUID, "password", "tls", "by_door"} with a socket that listens,
    {"close": UUID}, and {"screen": number} with a connection, or {"refused": number, "why"}, in answer to its own
    {"wanted": number, "uuid"}. It also tells {"said": text} for the log. It ends when xend has gone.
    """

    def __init__(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._channel = Channel(connection, self._hear, self._end)
        self._tls = tls
        self._doors: dict[str, _Door] = {}
        self._wanted: dict[int, asyncio.Future[socket.socket]] = {}
        self._numbers = itertools.count()
        self._tries = Tries(time.monotonic)
        self._tasks = Tasks()
        self._quiet_until = 0.0
        self._unsaid = 0
        self._over = asyncio.Event()

    async def run(self) -> None:
        await self._over.wait()
        await self._tasks.close()

    def _end(self) -> None:
        self._over.set()

    def _hear(self, message: dict[str, Any], descriptor: int | None) -> None:
        if "open" in message and descriptor is not None:
            self._open(message, socket.socket(fileno=descriptor))
            return
        if "close" in message:
            self._close(message["close"])
        wanted = self._wanted.pop(message.get("screen", message.get("refused", -1)), None)
        if wanted is None or wanted.done():
            if descriptor is not None:
                os.close(descriptor)
        elif descriptor is not None:
            wanted.set_result(socket.socket(fileno=descriptor))
        else:
            wanted.set_exception(Refused(str(message.get("why"))))

    def _open(self, message: dict[str, Any], listener: socket.socket) -> None:
        terms = Terms(message["password"], self._tls if message["tls"] else None)
        door = _Door(terms, listener, message["by_door"])
        self._doors[message["open"]] = door
        door.listening = self._tasks.start(self._listen(message["open"], door), name="a door")

    async def _listen(self, uuid: str, door: _Door) -> None:
        with door.listener as listener:
            async for connection, address in visitors(listener):
                viewer = self._tasks.start(self._serve(uuid, door, Wire(connection), address), name="a viewer")
                door.viewers.add(viewer)
                viewer.add_done_callback(door.viewers.discard)

    def _close(self, uuid: str) -> None:
        door = self._doors.pop(uuid, None)
        if door is None:
            return
        for task in (door.listening, *door.viewers):
            if task is not None:
                task.cancel()

    async def _serve(self, uuid: str, door: _Door, viewer: Wire, address: str) -> None:
        with viewer:
            try:
                async with asyncio.timeout(_SECONDS):
                    screen = await self._come_in(uuid, door, viewer, address)
                with screen:
                    await splice(viewer, screen)
            except Refused as error:
                self._say(f"a viewer at {address} was not let in: {error}")
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL):
                        await viewer.hang_up()
            except (Broken, OSError, EOFError, TimeoutError):
                pass  # it has left, or is no viewer

    def _say(self, text: str) -> None:
        """For xend's log, which nobody from outside is to fill: a line a second."""
        now = time.monotonic()
        if now < self._quiet_until:
            self._unsaid += 1
            return
        more = f"; {self._unsaid} others before that" if self._unsaid else ""
        self._quiet_until, self._unsaid = now + _QUIET, 0
        self._channel.send({"said": text + more})

    async def _come_in(self, uuid: str, door: _Door, viewer: Wire, address: str) -> Wire:
        if len(door.viewers) > _AT_ONE_DOOR or sum(len(each.viewers) for each in self._doors.values()) > MOST_VIEWERS:
            await refuse(viewer, viewer, "too many viewers")
        who = uuid if door.by_door else address
        if (wait := self._tries.wait(who)) > 0:
            await refuse(viewer, viewer, f"too many wrong passwords from there: try again in {wait:.0f} s")
        try:
            await admit(viewer, viewer, door.terms)
        except Refused:
            self._tries.wrong(who)
            raise
        self._tries.right(who)
        screen = Wire(await self._screen(uuid))
        try:
            await enter(screen, screen)
        except BaseException:
            screen.close()
            raise
        return screen

    async def _screen(self, uuid: str) -> socket.socket:
        """The screen of a guest, opened by xend. Raises Refused."""
        number = next(self._numbers)
        self._wanted[number] = asyncio.get_running_loop().create_future()
        self._channel.send({"wanted": number, "uuid": uuid})
        try:
            return await self._wanted[number]
        finally:
            self._wanted.pop(number, None)
