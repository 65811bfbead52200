"""What a guest on Xen has written about itself into xenstore, into folders that are its own to write to.

Sources: xe-guest-utilities (XenServer; attr/PVAddons, data/os_*, attr/vif/N/ipv4/M, before that attr/ethN/ip), the
Windows PV drivers (win-xeniface), xen-guest-agent; Xen's docs/misc/xenstore-paths.pandoc for data/ and attr/.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re

from xenia.engines.xen.xenstore import Xenstore
from xenia.model.agent import AgentInfo, Interface
from xenia.model.errors import conflict, timed_out

_SECONDS = 5.0
_ITEMS_LIMIT = 64
_TEXT_LIMIT = 256
_VERSION = ("MajorVersion", "MinorVersion", "MicroVersion")
_CARD = re.compile(r"[a-z]+(\d{1,2})")


class XenstoreAgent:
    """Of the guest `name`, whose id is `domid`."""

    def __init__(self, store: Xenstore, domid: int, name: str) -> None:
        self._store = store
        self._path = f"/local/domain/{domid}"
        self._name = name

    async def info(self) -> AgentInfo:
        try:
            async with asyncio.timeout(_SECONDS):
                version = [await self._read(f"attr/PVAddons/{part}") for part in _VERSION]
                system = (await self._read("data/os_name")).partition("|")[0]  # Windows goes on with its folder
                kernel, host = await self._read("data/os_uname"), await self._read("data/host_name")
                interfaces = await self._interfaces()
        except TimeoutError:
            raise self._silent(_SECONDS) from None
        if not (any(version) or system or kernel or interfaces):
            raise conflict(
                f"domain '{self._name}' has not told anything of itself",
                "its agent does: xe-guest-utilities or xen-guest-agent in Linux, the Xen PV drivers in Windows",
            )
        told = ".".join(filter(None, version))
        return AgentInfo("xenstore", told, system, kernel, host, interfaces)

    async def interfaces(self, *, seconds: float) -> tuple[Interface, ...]:
        try:
            async with asyncio.timeout(seconds):
                return await self._interfaces()
        except TimeoutError:
            raise self._silent(seconds) from None

    async def _interfaces(self) -> tuple[Interface, ...]:
        """By the number of the card; of older agents by the name of the interface, which has that number in it."""
        found = [await self._by_number(name) for name in await self._list("attr/vif") if name.isdecimal()]
        found += [
            Interface(name, addresses=addresses, vif=int(card[1]))
            for name in await self._list("attr")
            if (card := _CARD.fullmatch(name)) and (addresses := await self._addresses([f"attr/{name}/ip"]))
        ]
        cards = {each.vif: each for each in reversed(found) if each.addresses}
        return tuple(cards[number] for number in sorted(cards, key=lambda number: number or 0))

    async def _by_number(self, number: str) -> Interface:
        paths = [
            f"attr/vif/{number}/{family}/{each}"
            for family in ("ipv4", "ipv6")
            for each in await self._list(f"attr/vif/{number}/{family}")
        ]
        return Interface("", addresses=await self._addresses(paths), vif=int(number))

    async def _addresses(self, paths: list[str]) -> tuple[str, ...]:
        return tuple(filter(None, [_address(await self._read(path)) for path in paths]))

    async def _list(self, path: str) -> list[str]:
        return (await self._store.directory(f"{self._path}/{path}"))[:_ITEMS_LIMIT]

    async def _read(self, path: str) -> str:
        return (await self._store.read(f"{self._path}/{path}") or "")[:_TEXT_LIMIT]

    def _silent(self, seconds: float) -> Exception:
        return timed_out(f"xenstore does not tell of domain '{self._name}' within {seconds:g} s")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
