"""Keeping networks as they are to be, whoever changes them, and their DNS up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xenia.lib.aio import Tasks
from xenia.manager.events import EventBus
from xenia.manager.networks.networks import Networks
from xenia.model.errors import XeniaError

log = logging.getLogger(__name__)

_LONGEST = 64.0


@dataclass(frozen=True, slots=True)
class NetworkKeeper:
    """Sleeps until the first network is applied. `hold` holds cards to what they have been leased."""

    networks: Networks
    bus: EventBus
    hold: Callable[[], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def start(self, tasks: Tasks) -> None:
        tasks.start(self._repair(), name="keeper of networks")
        tasks.start(self._tell_names(), name="names of guests")
        tasks.start(self._hold(self.networks.host.leased), name="leases of guests")
        tasks.start(self._hold(self.networks.applied_anew), name="addresses of the host")

    async def _repair(self) -> None:
        """Whoever removes the same thing again and again waits longer for it each time."""
        await self.networks.some()
        pause = 1.0
        while True:
            try:
                repaired = await self.networks.repair()
            except (XeniaError, OSError) as error:
                log.error("networks cannot be repaired: %s", error)
                repaired = True
            if repaired:
                await self.sleep(pause)
                pause = min(2 * pause, _LONGEST)
                continue
            pause = 1.0
            await self.networks.host.changed()

    async def _hold(self, happened: Callable[[], Awaitable[None]]) -> None:
        """Whenever something has happened that may make other addresses known."""
        await self.networks.some()
        while True:
            try:
                await self.hold()
                await self.networks.answer_anew()
            except (XeniaError, OSError) as error:
                log.error("cards cannot be held to their leases: %s", error)
            await happened()

    async def _tell_names(self) -> None:
        await self.networks.some()
        while True:
            with self.bus.listen() as listener:  # one that falls too far behind is ended, and begins anew
                await self._tell()
                async for _ in listener:
                    await self._tell()
            if self.bus.closed:
                return

    async def _tell(self) -> None:
        try:
            await self.networks.tell_names()
        except (XeniaError, OSError) as error:
            log.error("the names of guests cannot be told to dnsmasq: %s", error)
