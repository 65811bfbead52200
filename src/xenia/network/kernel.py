"""The network of the real host: netlink, nft, sysctl and dnsmasq, as networks need them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from xenia.lib.program import PATH
from xenia.model.errors import denied, unavailable
from xenia.network import links, sysctl
from xenia.network.dnsmasq import Dnsmasq, no_dnsmasq
from xenia.network.dnsmasq_config import ServiceFiles
from xenia.network.host import Link, Seen
from xenia.network.interface import exists
from xenia.network.listeners import read_listeners
from xenia.network.nft import Command, Nft
from xenia.network.rules import FAMILY, read_rules
from xenia.network.watch import Watch

_MACHINE_ID = Path("/etc/machine-id")
_LOCAL = 0x02
"""The first octet of an address that no maker has given (IEEE 802, the bit for local administration)."""


class KernelHost:
    """A NetworkHost (network.host). `privileged` tells whether xend may change anything."""

    def __init__(self, dnsmasq: Dnsmasq, nft: Nft, *, privileged: bool) -> None:
        self._dnsmasq = dnsmasq
        self._nft = nft
        self._privileged = privileged
        self._watch = Watch()

    def refuse(self) -> None:
        """Raises what speaks against networks on this host at all."""
        if not self._privileged:
            raise denied("only a xend that runs as root makes networks", "without: user-mode networking, and no bridge")
        if shutil.which(self._nft.binary, path=PATH) is None:
            raise unavailable("nft is not installed", "apt-get install nftables")
        if shutil.which(self._dnsmasq.binary, path=PATH) is None:
            raise no_dnsmasq()

    async def see(self, ports: Sequence[int] = ()) -> Seen:
        there = await links.read_links()
        return Seen(
            there,
            await links.read_routes(there),
            await asyncio.to_thread(read_listeners, ports) if ports else (),
            self._dnsmasq.services(),
            read_rules(await self._nft.table(FAMILY)),
            sysctl.accept_ra(),
        )

    async def links(self) -> dict[str, Link]:
        return await links.read_links()

    def has(self, interface: str) -> bool:
        return exists(interface)

    def watch(self) -> None:
        self._watch.open()

    async def changed(self) -> None:
        await self._watch.changed(self._dnsmasq.running().values())

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    async def add_bridge(self, name: str) -> None:
        await links.add_link(name, "bridge", mac=_mac_of(name))

    async def add_vlan(self, name: str, parent: str, vlan: int) -> None:
        await links.add_link(name, "vlan", parent=parent, vlan=vlan)

    async def remove_link(self, name: str) -> None:
        await links.remove_link(name)

    async def set_link(self, name: str, *, up: bool | None = None, mtu: int = 0, master: str | None = None) -> None:
        await links.set_link(name, up=up, mtu=mtu, master=master)

    async def isolate(self, port: str, *, isolated: bool) -> None:
        await links.isolate(port, isolated=isolated)

    async def add_address(self, interface: str, address: str) -> None:
        await links.add_address(interface, address)

    async def remove_address(self, interface: str, address: str) -> None:
        await links.remove_address(interface, address)

    def sysctl(self, path: str) -> str | None:
        return sysctl.read_sysctl(path)

    async def set_sysctl(self, path: str, value: str) -> None:
        sysctl.write_sysctl(path, value)

    async def load_rules(self, commands: Sequence[Command]) -> None:
        await self._nft.apply(commands)

    async def remove_rules(self) -> None:
        await self._nft.remove(FAMILY)

    def files(self, network: str) -> ServiceFiles:
        return self._dnsmasq.files(network)

    async def start_service(self, network: str, config: str) -> None:
        await self._dnsmasq.start(network, config)

    async def stop_service(self, network: str) -> None:
        await self._dnsmasq.stop(network)

    async def forget_service(self, network: str) -> None:
        self._dnsmasq.forget(network)

    async def tell_names(self, network: str, lines: str) -> None:
        self._dnsmasq.tell_names(network, lines)


def _mac_of(bridge: str) -> str:
    """The address of a bridge: of its own, so that it does not change with its ports, and always the same on this host,
    so that guests find it again when it was made anew.
    """
    try:
        host = _MACHINE_ID.read_text()
    except OSError:
        host = socket.gethostname()
    tail = hashlib.blake2b(f"{host}{bridge}".encode(), digest_size=5).digest()
    return ":".join(f"{byte:02x}" for byte in (_LOCAL, *tail))
