"""The rules for the cards of all guests: made before a guest can send, removed after it, and made good where somebody
has changed them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from xenia.lib.aio import Tasks
from xenia.model.errors import XeniaError, unavailable
from xenia.network.interface import EMULATED, exists
from xenia.network.nft import Command, Nft
from xenia.network.openvswitch import forget_ports
from xenia.network.port import FAMILY, Port, remove
from xenia.network.watch import Watch

log = logging.getLogger(__name__)

Expressions = list[Any]
"""Of one rule, in the words of libnftables-json."""

_SETTLE = 0.2
"""Seconds between a change and the look at all rules, which takes longer the more cards there are."""

_PAUSE, _LONGEST = 1.0, 64.0
"""Seconds from one mending to the next."""


class PortFilter(Protocol):
    """What guards the host's ends of cards."""

    problem: str
    """Why nothing is filtered on this host; "" where it is."""

    async def guard(self, ports: Sequence[Port]) -> None:
        """From here on what these may not send is dropped. Called before the guest can send, and when what is known of
        a card has changed.

        Raises unavailable where a card insists on its filter and there is none.
        """

    async def renew(self, ports: Sequence[Port]) -> None:
        """Guard anew those of which something else is known than before. Raises as `guard`."""

    async def restore(self, ports: Sequence[Port]) -> None:
        """Guard all that there is, whatever an earlier xend has left, and keep it so: called once, before anything
        else.
        """

    def sweep(self) -> None:
        """Interfaces may have gone: their rules go, too, in a moment, and what Open vSwitch has of them."""


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
        self._told: dict[str, list[Expressions]] = {}
        """Their rules as the kernel tells them, from when they were looked at first."""
        self._lock = asyncio.Lock()
        self._tasks = Tasks()
        self._watch = Watch(links=False)

    async def guard(self, ports: Sequence[Port]) -> None:
        async with self._lock:
            await self._guard(list(self._there(ports)))

    async def renew(self, ports: Sequence[Port]) -> None:
        async with self._lock:
            await self._guard([port for port in self._there(ports) if self._ports.get(port.interface) != port])

    async def _guard(self, ports: Sequence[Port]) -> None:
        commands = [command for port in ports for command in self._anew(port)]
        if not commands:
            return
        try:
            await self._nft.apply(commands)
        except XeniaError:  # somebody has been at our table, or there can be none
            await self._make([*self._ports.values(), *ports])
        else:
            self._remember({port.interface: port for port in ports})

    def _remember(self, made: Mapping[str, Port]) -> None:
        self._ports |= made
        for name in made:
            self._told.pop(name, None)

    def _anew(self, port: Port) -> list[Command]:
        """What makes the rules of a port what they are to be."""
        before = remove(port.interface) if port.interface in self._ports else []
        return [*before, *port.add()]

    async def restore(self, ports: Sequence[Port]) -> None:
        if not self._privileged:
            return
        self._watch.open()
        async with self._lock:
            await self._make(list(self._there(ports)))
        self._tasks.start(self._keep(), name="keeper of the rules of cards")

    async def _keep(self) -> None:
        """Whoever changes our rules again and again waits longer for them each time."""
        pause = _PAUSE
        while True:
            await self._watch.changed()
            await asyncio.sleep(_SETTLE)  # most changes are our own, and many cards may come together
            try:
                mended = await self._mend()
            except XeniaError as error:
                log.error("the rules of cards cannot be looked at: %s", error)
                mended = True
            await asyncio.sleep(pause if mended else 0)
            pause = min(2 * pause, _LONGEST) if mended else _PAUSE

    async def _mend(self) -> bool:
        """Make again the rules that somebody has removed, replaced or added to; whether there were some."""
        async with self._lock:
            if not self._ports:
                return False
            found = _rules(await self._nft.table(FAMILY) or ())
            changed = [port for name, port in self._ports.items() if exists(name) and self._differs(port, found[name])]
            if changed:
                log.warning("somebody has changed the rules of %s: made again", ", ".join(p.interface for p in changed))
                await self._guard(changed)
            return bool(changed)

    def _differs(self, port: Port, rules: list[Expressions]) -> bool:
        """What is found first of rules that were just made is taken for them, where they are as many. (nft tells them
        in other words than it was told.)
        """
        return len(rules) != port.rules or self._told.setdefault(port.interface, rules) != rules

    async def _make(self, ports: Sequence[Port]) -> None:
        """The rules of all, of one that comes twice the later. Those that are left of others which are gone are
        removed; those of interfaces that another xend has made stay.
        """
        wanted = {port.interface: port for port in ports if exists(port.interface)}
        self._ports.clear()
        self._told.clear()
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
            self._remember(wanted)
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
                self._told.pop(name, None)
            _forget(gone)
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
        self._watch.close()

    def _there(self, ports: Iterable[Port]) -> Iterator[Port]:
        """Those whose interface is one of the host (user-mode networking has none), and what is beside it."""
        for port in ports:
            if self._privileged and exists(port.interface):
                yield replace(port, limited=not self._own_rate)
            beside = f"{port.interface}{EMULATED}"
            if self._privileged and exists(beside):
                yield replace(port, interface=beside)


def _forget(gone: Sequence[str]) -> None:
    try:
        forget_ports(gone)
    except OSError as error:
        log.warning("Open vSwitch keeps ports of guests that have ended: %s", error.strerror)


def _rules(told: Sequence[Command]) -> defaultdict[str, list[Expressions]]:
    """Those of each chain, but for what they have counted."""
    found: defaultdict[str, list[Expressions]] = defaultdict(list)
    for each in told:
        if "rule" in each:
            rule = each["rule"]
            found[rule["chain"]].append([part for part in rule["expr"] if "counter" not in part])
    return found


def _chains(told: Sequence[Command]) -> list[str]:
    """The names of the chains in a table."""
    return [each["chain"]["name"] for each in told if "chain" in each]
