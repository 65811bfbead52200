"""The rules for the cards of all guests: made before a guest can send, removed after it, and made good where somebody
has flushed them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from xenia.lib.aio import Tasks
from xenia.model.errors import XeniaError, unavailable
from xenia.network.interface import exists
from xenia.network.nft import Command, Nft
from xenia.network.port import FAMILY, Port, remove

log = logging.getLogger(__name__)

_EMULATED = "-emu"
"""Behind the name of a card on Xen: what its device model has for it beside Xen's own (libxl_nic.c)."""


class PortFilter(Protocol):
    """What guards the host's ends of cards."""

    problem: str
    """Why nothing is filtered on this host; "" where it is."""

    async def guard(self, ports: Sequence[Port]) -> None:
        """From here on what these may not send is dropped. Called before the guest can send, and when what is known of
        a card has changed.

        Raises unavailable where a card insists on its filter and there is none.
        """

    async def restore(self, ports: Sequence[Port]) -> None:
        """Guard all that there is, whatever an earlier xend has left: called once, before anything else."""

    def sweep(self) -> None:
        """Interfaces may have gone: their rules go, too, in a moment."""


class NftFilter:
    """`own_rate`: what makes the interfaces of cards keeps to their rates itself (Xen's netback). Without the rights to
    make interfaces (`privileged`) there is nothing to guard.

    Where the host has no nftables, cards work without a filter; that is said once, and by `problem`.
    """

    def __init__(self, nft: Nft, *, own_rate: bool = False, privileged: bool = True) -> None:
        self.problem = "" if privileged else "an ordinary user's guests have no interfaces on the host"
        self._privileged = privileged
        self._nft = nft
        self._own_rate = own_rate
        self._ports: dict[str, Port] = {}
        """Those that have a chain, by interface."""
        self._lock = asyncio.Lock()
        self._tasks = Tasks()

    async def guard(self, ports: Sequence[Port]) -> None:
        async with self._lock:
            there = list(self._there(ports))
            commands = [command for port in there for command in self._anew(port)]
            if not commands:
                return
            try:
                await self._nft.apply(commands)
            except XeniaError:  # somebody has been at our table, or there can be none
                await self._make([*self._ports.values(), *there])
            else:
                self._ports |= {port.interface: port for port in there}

    def _anew(self, port: Port) -> list[Command]:
        """What makes the rules of a port what they are to be."""
        before = remove(port.interface) if port.interface in self._ports else []
        return [*before, *port.add()]

    async def restore(self, ports: Sequence[Port]) -> None:
        if self._privileged:
            async with self._lock:
                await self._make(list(self._there(ports)))

    async def _make(self, ports: Sequence[Port]) -> None:
        """The rules of all, of one that comes twice the later. Those that are left of others which are gone are
        removed; those of interfaces that another xend has made stay.
        """
        wanted = {port.interface: port for port in ports if exists(port.interface)}
        self._ports.clear()
        try:
            stale = [name for name in await self._held() if name in wanted or not exists(name)]
            commands = [command for name in stale for command in remove(name)]
            commands += [command for port in wanted.values() for command in port.add()]
            if commands:
                await self._nft.apply(commands)
        except XeniaError as error:
            self._fail(error, wanted.values())
        else:
            self.problem = ""
            self._ports |= wanted
            if stale:
                await self._tidy()

    async def _held(self) -> list[str]:
        """The interfaces that have a chain."""
        return _chains(await self._nft.table(FAMILY) or ())

    def _fail(self, error: XeniaError, ports: Iterable[Port]) -> None:
        if self.problem != error.message:
            log.warning("what guests send is not filtered: %s (%s)", error.message, error.hint or "no hint")
        self.problem = error.message
        asking = next((port for port in ports if port.insists), None)
        if asking is not None:
            raise unavailable(
                f"filter={asking.vif.filter} is not possible for {asking.interface}: {error.message}",
                error.hint or "without filter= the card works unguarded",
            )

    def sweep(self) -> None:
        self._tasks.start(self._sweep(), name="removal of the rules of cards")

    async def _sweep(self) -> None:
        async with self._lock:
            gone = [name for name in self._ports if not exists(name)]
            for name in gone:
                del self._ports[name]
            if gone:
                await self._nft.apply([command for name in gone for command in remove(name)])
                await self._tidy()

    async def _tidy(self) -> None:
        """Where nothing is guarded, the host is as it was: without our table."""
        if self._ports:
            return
        left = await self._nft.table(FAMILY)
        if left is not None and not _chains(left):
            await self._nft.remove(FAMILY)

    async def close(self) -> None:
        """The rules stay."""
        await self._tasks.close()

    def _there(self, ports: Iterable[Port]) -> Iterator[Port]:
        """Those whose interface is one of the host (user-mode networking has none), and what is beside it."""
        for port in ports:
            if self._privileged and exists(port.interface):
                yield replace(port, limited=not self._own_rate)
            beside = f"{port.interface}{_EMULATED}"
            if self._privileged and exists(beside):
                yield replace(port, interface=beside)


def _chains(told: Sequence[Command]) -> list[str]:
    """The names of the chains in a table."""
    return [each["chain"]["name"] for each in told if "chain" in each]
