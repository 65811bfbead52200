"""The way to a qemu-guest-agent: lines of JSON over a stream socket, whose other end is a stranger's.

Nothing is read but in a conversation, so that an agent which floods is held by its own full socket. A conversation
begins in step (`guest-sync-delimited`, as QEMU's qemu-ga-ref asks for): whatever an agent says late to somebody
else is passed over. One that fails closes the connection, and all that was on its way is dropped with it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

LINE_LIMIT = 1 << 20
"""Bytes of an answer."""

_VALUES_LIMIT = 20_000
"""Members and items in an answer: what bounds the memory that it takes as objects."""

_SKIP_LIMIT = 8 << 20
"""Bytes that are passed over in search of the beginning of a conversation."""

_BEGINNINGS = 32
"""Of other conversations, which nobody had the patience for."""

_CHUNK = 1 << 16
_SENTINEL = b"\xff"
"""A byte that is in no UTF-8: the agent's reader begins anew after it, and it is written before the answer."""

_DIGITS = 31
"""An id that fits every agent's numbers."""


class Silent(Exception):
    """The agent has closed its end, or said nothing in time."""


class Nonsense(Exception):
    """What the agent says is not its protocol."""


class Refused(Exception):
    """The agent says that it does not do it: `kind` is QEMU's class of the error."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


class Conversation:
    """Commands and answers in turn."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._heard = bytearray()
        self._loop = asyncio.get_running_loop()

    async def synchronise(self) -> None:
        """Come in step. Raises Silent, Nonsense."""
        number = secrets.randbits(_DIGITS)
        await self._send(_SENTINEL + _request("guest-sync-delimited", {"id": number}))
        for _ in range(_BEGINNINGS):
            await self._pass_over()
            if _is_answer(await self._line(LINE_LIMIT, until_sentinel=True), number):
                return
        raise Nonsense("it begins again and again")

    async def _pass_over(self) -> None:
        """All that is said before a beginning."""
        passed = 0
        while (at := self._heard.find(_SENTINEL)) < 0:
            passed += len(self._heard)
            if passed > _SKIP_LIMIT:
                raise Nonsense("it says much and does not answer")
            self._heard.clear()
            await self._hear()
        del self._heard[: at + 1]

    async def execute(self, command: str, arguments: dict[str, Any] | None = None, *, limit: int = LINE_LIMIT) -> Any:
        """The answer to a command, of at most `limit` bytes. Raises Refused, Silent, Nonsense."""
        await self._send(_request(command, arguments))
        return await self.answer(limit=limit)

    async def tell(self, command: str, arguments: dict[str, Any]) -> None:
        """A command that is answered only where it fails. Raises Refused, Silent, Nonsense."""
        await self._send(_request(command, arguments))
        await self._send(_request("guest-ping", None))
        await self.answer(limit=LINE_LIMIT)

    async def answer(self, *, limit: int) -> Any:
        answer = _parsed(await self._line(limit))
        if isinstance(answer, dict) and "return" in answer:
            return answer["return"]
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict):
            raise Nonsense("its answer is none")
        raise Refused(str(error.get("class", ""))[:64], str(error.get("desc", ""))[:512])

    async def _line(self, limit: int, *, until_sentinel: bool = False) -> bytes:
        """The next line; one that `until_sentinel` another beginning cuts off is as much as came."""
        seen = 0
        while True:
            end = self._heard.find(b"\n", seen)
            cut = self._heard.find(_SENTINEL, seen) if until_sentinel else -1
            if cut >= 0 and not 0 <= end < cut:
                line = bytes(self._heard[:cut])
                del self._heard[:cut]
                return line
            seen = len(self._heard) if end < 0 else end
            if seen > limit:
                raise Nonsense(f"its answer is longer than {limit >> 10} KiB")
            if end >= 0:
                line = bytes(self._heard[:end])
                del self._heard[: end + 1]
                return line
            await self._hear()

    async def _hear(self) -> None:
        try:
            data = await self._loop.sock_recv(self._link, _CHUNK)
        except OSError as error:
            raise Silent("its connection is lost") from error
        if not data:
            raise Silent("its connection is closed")
        self._heard += data

    async def _send(self, data: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._link, data)
        except OSError as error:
            raise Silent("its connection is lost") from error


class Channel:
    """One agent's socket, which `connect` opens; one conversation at a time."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        """`connect` raises OSError."""
        self._connect = connect
        self._link: socket.socket | None = None
        self._turn = asyncio.Lock()

    def open(self) -> socket.socket:
        """Be connected. An agent whose port nobody has open at the host's end looks after it ten times a second.
        Raises Silent.
        """
        if self._link is None:
            try:
                self._link = self._connect()
            except OSError as error:
                raise Silent("its socket cannot be opened") from error
        return self._link

    def close(self) -> None:
        """A conversation that is under way ends by it."""
        if self._link is not None and self._turn.locked():
            with suppress(OSError):  # its other end has closed it
                self._link.shutdown(socket.SHUT_RDWR)
        else:
            self._drop()

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    @asynccontextmanager
    async def conversation(self, seconds: float) -> AsyncIterator[Conversation]:
        """A conversation in step, which is over after `seconds` together with the wait for its turn. Raises Silent,
        Nonsense.
        """
        try:
            async with asyncio.timeout(seconds), self._turn:
                conversation = Conversation(self.open())
                try:
                    await conversation.synchronise()
                    yield conversation
                except Refused:
                    raise
                except BaseException:
                    self._drop()
                    raise
        except TimeoutError as error:
            raise Silent(f"it does not answer within {seconds:g} s") from error


def _request(command: str, arguments: dict[str, Any] | None) -> bytes:
    request: dict[str, Any] = {"execute": command}
    if arguments:
        request["arguments"] = arguments
    return json.dumps(request).encode() + b"\n"


def _is_answer(line: bytes, number: int) -> bool:
    try:
        answer = _parsed(line)
    except Nonsense:
        return False
    return isinstance(answer, dict) and answer.get("return") == number and not isinstance(answer["return"], bool)


def _parsed(line: bytes) -> Any:
    """Bounded before it is parsed: the length by who has read it, the number of its values here."""
    if sum(line.count(sign) for sign in (b",", b"[", b"{")) > _VALUES_LIMIT:
        raise Nonsense("its answer has too many values")
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise Nonsense("its answer is no JSON") from error
