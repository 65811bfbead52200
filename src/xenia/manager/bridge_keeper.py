"""Keeping the host's bridge, whoever removes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass

from xenia.manager.bridge import Bridges
from xenia.model.errors import XeniaError
from xenia.network.watch import Watch

log = logging.getLogger(__name__)

_LONGEST = 64.0


@dataclass(frozen=True, slots=True)
class BridgeKeeper:
    """`plug` puts guests on a bridge again that was made again."""

    bridges: Bridges
    plug: Callable[[str], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Without end. Whoever removes it again and again waits longer for it each time."""
        pause = 1.0
        with closing(Watch(rules=False)) as watch:
            watch.open()
            while True:
                await watch.changed()
                mended = await self._mend()
                await self.sleep(pause if mended else 0)
                pause = min(2 * pause, _LONGEST) if mended else 1.0

    async def _mend(self) -> bool:
        try:
            name = await self.bridges.mend()
            if name:
                await self.plug(name)
        except (XeniaError, OSError) as error:
            log.error("the host's bridge cannot be looked after: %s", error)
            return True
        return bool(name)
