"""The desktops of domains over RDP: where they are, which xend believes nobody lightly, and a connection there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from itertools import zip_longest

from xenia.manager.addresses import Addresses
from xenia.manager.agents import Agents
from xenia.manager.inventory import Inventory
from xenia.manager.networks.networks import Networks
from xenia.manager.turns import Turns, gone
from xenia.model.address import CardAddress, Source
from xenia.model.caller import Caller
from xenia.model.domain import Domain, Started
from xenia.model.errors import timed_out, unavailable
from xenia.model.operations import OPERATIONS, require
from xenia.model.vif import USER_MODE
from xenia.network.host import Link

PORT = 3389

_MOST_ADDRESSES = 4
_SECONDS = 2.5
"""For each address."""

_TRUSTED = frozenset({Source.FILE, Source.LEASE})

_Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Desktops:
    """`port` is where guests serve them."""

    inventory: Inventory
    turns: Turns
    networks: Networks
    agents: Agents
    addresses: Addresses
    port: int = PORT

    async def find(self, ref: str, caller: Caller) -> Domain:
        """The domain whose desktop somebody wants to see. Raises as `Inventory.find`, denied, a conflict for one that
        does not run, invalid for Domain-0.
        """
        require(caller.role, OPERATIONS["rdp"])
        domain = await self.inventory.look_up(ref)
        self.turns.permit("rdp", domain)
        return domain

    async def connect(self, domain: Domain) -> tuple[socket.socket, str]:
        """A connection to the RDP server of a domain that was found, and the address that it is at. Raises not_found
        for one that has gone meanwhile, unavailable where no address of it is known that may be believed or nothing
        listens there, timed_out.
        """
        started = self.inventory.started(domain.uuid)
        if started is None:
            raise gone(domain)
        told = await self.addresses.of(started, await self.agents.glance(started))
        bridges = self._bridges(started, domain.vifs)
        places = believed(told, bridges, await self.networks.host.links())[:_MOST_ADDRESSES]
        if not places:
            why = "none that is told may be believed" if told else "none is known"
            raise unavailable(
                f"domain '{domain.name}' cannot be reached from the host: of its addresses {why}",
                "an address counts that ip= of its card in the guest file tells, a network of this host has leased, or "
                "that is within a network of the host on the card's bridge",
            )
        return await self._first(domain.name, places)

    def _bridges(self, started: Started, ends: Sequence[str]) -> dict[int, str | None]:
        """Of the cards by their numbers, but for those that nobody can connect to."""
        cards = zip_longest(started.config.vifs, ends[: len(started.config.vifs)])
        return {vif.item: self.networks.bridge_of(vif) for vif, end in cards if end != USER_MODE}

    async def _first(self, name: str, places: Sequence[str]) -> tuple[socket.socket, str]:
        """The first that answers."""
        failed: list[str] = []
        late = False
        for ip in places:
            try:
                return await _connected(ip, self.port), ip
            except TimeoutError:
                late = True
                failed.append(f"{ip}: nothing answers within {_SECONDS:g} s")
            except OSError as error:
                failed.append(f"{ip}: {_said(error)}")
        message = f"no desktop answers at port {self.port} of '{name}': {'; '.join(failed)}"
        hint = "allow Remote Desktop in the guest (Windows: System, Remote Desktop; Linux: apt-get install xrdp)"
        raise timed_out(message, hint) if late else unavailable(message, hint)


def believed(
    told: Sequence[CardAddress], bridges: Mapping[int, str | None], links: Mapping[str, Link]
) -> tuple[str, ...]:
    """Of the addresses that are `told`, those that may be connected to from the host, the most trustworthy first.

    None of the host itself, nor one that only has a meaning on some wire. What the guest file or a lease of a network
    of ours says is believed. What the guest itself may have made up, by its agent or on the wire, is where it is within
    a network that the host has on the very bridge of the card: the guest reaches all that is there anyway.
    """
    own = {ip_interface(each).ip for link in links.values() for each in (*link.addresses, *link.link_local)}
    order = list(Source)
    found: dict[str, None] = {}
    for each in sorted(told, key=lambda each: order.index(each.source)):
        address = _parsed(each.ip)
        if address is None or address in own or each.vif not in bridges:
            continue
        bridge = bridges[each.vif]
        if each.source in _TRUSTED or _is_near(address, links.get(bridge) if bridge else None):
            found[each.ip] = None
    return tuple(found)


def _is_near(address: _Address, bridge: Link | None) -> bool:
    """Whether it is within a network that the host has on the bridge."""
    return bridge is not None and any(address in ip_interface(each).network for each in bridge.addresses)


def _parsed(ip: str) -> _Address | None:
    """None for what leads to the host itself, to nobody or to many."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    if address.version == 6 and (address.ipv4_mapped is not None or "%" in ip):
        return None
    others = address.is_loopback, address.is_multicast, address.is_unspecified, address.is_link_local
    return None if any(others) or address.is_reserved else address


async def _connected(ip: str, port: int) -> socket.socket:
    """Raises OSError, TimeoutError."""
    connection = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(_SECONDS):
            await asyncio.get_running_loop().sock_connect(connection, (ip, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _said(error: OSError) -> str:
    return "nothing listens there" if isinstance(error, ConnectionRefusedError) else error.strerror or str(error)
