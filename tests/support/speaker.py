"""Talking to a real guest over its text console."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from xenia.console.line import is_terminal
from xenia.lib.sockets import address_of
from xenia.lib.terminal import DeviceTransport, open_terminal


class Speaker:
    """One conversation on a console's stream socket or terminal; `async with`. `heard` is all that the guest has said
    to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.heard = b""

    async def __aenter__(self) -> Speaker:
        if is_terminal(self._path):
            loop = asyncio.get_running_loop()
            self._reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(self._reader)
            transport = DeviceTransport(open_terminal(self._path), protocol)
            self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)
            return self
        with address_of(self._path) as address:
            self._reader, self._writer = await asyncio.open_unix_connection(address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(OSError):  # a guest that has ended has taken its terminal with it
            await self._writer.wait_closed()

    async def until(self, word: str, *, seconds: float = 60) -> None:
        """Listen until `word` is heard; what was heard before it does not count again."""
        wanted = word.encode()
        async with asyncio.timeout(seconds):
            while wanted not in self.heard:
                data = await self._reader.read(4096)
                if not data:
                    raise ConnectionError(f"the console ended before {word!r}: {self.heard[-500:]!r}")
                self.heard += data
        self.heard = self.heard.split(wanted, 1)[1]

    async def say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\n")
        await self._writer.drain()
