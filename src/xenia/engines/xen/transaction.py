"""Changes of xenstore that others see all at once or not at all (Xen docs/misc/xenstore.txt, transactions)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from xenia.engines.xen.wire import Kind, Message, strings
from xenia.model.errors import engine_failed


class Ask(Protocol):
    """Have xenstore answer, within the transaction."""

    async def __call__(self, kind: Kind, payload: bytes) -> Message: ...


class Transaction:
    """What is asked and changed within one. Its methods raise engine_failed, unavailable."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def read(self, path: str) -> str | None:
        """The value at `path`, None where there is nothing."""
        try:
            answer = await self._ask(Kind.READ, strings(path))
        except FileNotFoundError:
            return None
        return answer.payload.decode("utf-8", "surrogateescape")

    async def write(self, folder: str, values: Mapping[str, str]) -> None:
        """The values below `folder`, by their names."""
        for name, value in values.items():
            await self._ask(Kind.WRITE, strings(f"{folder}/{name}") + value.encode("utf-8", "surrogateescape"))

    async def make(self, folder: str, owner: int, reader: int) -> None:
        """An empty `folder`, in the place of what is there: the domain `owner` may do all in it, `reader` may read."""
        await self.remove(folder)
        await self._ask(Kind.WRITE, strings(folder))
        try:
            await self._ask(Kind.SET_PERMS, strings(folder, f"n{owner}", f"r{reader}"))
        except FileNotFoundError:
            raise engine_failed("there is no such domain any more") from None

    async def remove(self, path: str) -> None:
        """`path` and all below it; silent where there is nothing."""
        try:
            await self._ask(Kind.RM, strings(path))
        except FileNotFoundError:
            return
