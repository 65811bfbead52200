"""One lock for each domain name, made when needed and forgotten when free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from xenia.lib.steps import step


class NameLocks:
    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        """Alone with the domain `name`; those who wait come in the order in which they asked."""
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            if lock.locked():
                step(f"waits until what is done to '{name}' now has ended")
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(name)
            if users > 1:
                self._locks[name] = (lock, users - 1)

    @asynccontextmanager
    async def of(self, name: Callable[[], str]) -> AsyncIterator[None]:
        """Alone with the domain whose name `name` tells; it may be given another one while we wait."""
        while True:
            wanted = name()
            async with self(wanted):
                if name() == wanted:
                    yield
                    return
