"""Talking to a real guest over its text console."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from xenia.console.line import is_terminal
from xenia.lib.terminal import open_terminal

LIMIT = 180.0
"""Seconds: a guest in a host that is emulated itself takes its time."""


class Speaker:
    """One conversation on a console: with its terminal, or by the pipe that takes its input and its `log`; `async
    with`. `heard` is all that the guest has said to it.
    """

    def __init__(self, path: Path, log: Path | None = None) -> None:
        self._path, self._log = path, log
        self.heard = b""

    async def __aenter__(self) -> Speaker:
        if is_terminal(self._path):
            self._out = self._in = open_terminal(self._path)
        else:
            assert self._log is not None
            self._in = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            self._out = os.open(self._log, os.O_RDONLY)
            os.lseek(self._out, 0, os.SEEK_END)
        return self

    async def __aexit__(self, *_: object) -> None:
        for descriptor in {self._in, self._out}:
            os.close(descriptor)

    async def until(self, word: str, *, seconds: float = LIMIT) -> None:
        """Listen until `word` is heard; what was heard before it does not count again."""
        wanted = word.encode()
        async with asyncio.timeout(seconds):
            while wanted not in self.heard:
                self.heard += await self._more(word)
        self.heard = self.heard.split(wanted, 1)[1]

    async def _more(self, word: str) -> bytes:
        while True:
            try:
                data = os.read(self._out, 4096)
            except BlockingIOError:
                data = b""
            except OSError as error:
                raise ConnectionError(f"the console ended before {word!r}: {self.heard[-500:]!r}") from error
            if data:
                return data
            await asyncio.sleep(0.005)

    async def say(self, line: str) -> None:
        await self.type(line + "\n")

    async def type(self, text: str) -> None:
        os.write(self._in, text.encode())
