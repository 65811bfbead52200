"""The drivers of both ends of every device in a xenstore, which do as a test wants."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from xenia.engines.xen.xenstore import Xenstore

BACKEND = "/local/domain/0/backend"
_STATE = re.compile(rf"({BACKEND}/\w+/\d+/\d+)/state")


@dataclass
class Drivers:
    """That of the host notices a device; that of the guest, which has taken it, lets go of it when it is asked."""

    store: Xenstore
    notices: bool = True
    lets_go: bool = True
    _changed: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        await self.store.watch(BACKEND, self._changed.put_nowait)
        while True:
            found = _STATE.fullmatch(await self._changed.get())
            if found is not None:
                await self._look(found[1])

    async def _look(self, back: str) -> None:
        state, front = await self.store.read(f"{back}/state"), await self.store.read(f"{back}/frontend")
        if state == "1" and self.notices:
            await self.store.write(f"{back}/state", "2")
        if state == "5" and self.lets_go:
            await self.store.write(f"{front}/state", "6")
            await self.store.write(f"{back}/state", "6")

    async def take(self, back: str) -> None:
        """The guest's driver takes the device."""
        await self.store.write(f"{await self.store.read(f'{back}/frontend')}/state", "4")
        await self.store.write(f"{back}/state", "4")
