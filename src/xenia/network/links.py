"""Interfaces, addresses and routes of the host by netlink, in the network namespace of the calling thread."""

from __future__ import annotations

import asyncio
import errno
import importlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

from xenia.model.errors import XeniaError, conflict, denied, unavailable
from xenia.network.host import Link, Route
from xenia.network.neighbours import NTF_PROXY

_IFF_UP = 1
_GLOBAL, _LINK = 0, 253
"""RT_SCOPE_UNIVERSE and RT_SCOPE_LINK."""
_MAIN_TABLE = 254
_NODAD = 0x02
"""IFA_F_NODAD: the address can be used at once. Nobody else is on a bridge that was just made."""


async def read_links() -> dict[str, Link]:
    """All interfaces, by name."""
    async with _netlink() as netlink:
        found = [each async for each in await netlink.get_links()]
        addresses: dict[int, list[str]] = {}
        link_local: dict[int, list[str]] = {}
        async for each in await netlink.get_addr():
            local = each.get("local") or each.get("address")
            by_index = {_GLOBAL: addresses, _LINK: link_local}.get(each["scope"], {})
            by_index.setdefault(each["index"], []).append(f"{local}/{each['prefixlen']}")
    names = {each["index"]: each.get("ifname") for each in found}
    links = {}
    for each in found:
        info = each.get("linkinfo")
        kind = (info.get("kind") if info else "") or ""
        data = info.get("data") if kind == "vlan" else None
        port = info.get("slave_data") if info and info.get("slave_kind") == "bridge" else None
        links[each.get("ifname")] = Link(
            each.get("ifname"),
            each["index"],
            kind,
            bool(each["flags"] & _IFF_UP),
            each.get("mtu"),
            tuple(addresses.get(each["index"], ())),
            names.get(each.get("master")) or "",
            names.get(each.get("link")) or "" if kind == "vlan" else "",
            (data.get("vlan_id") or 0) if data else 0,
            bool(port and port.get("isolated")),
            tuple(link_local.get(each["index"], ())),
        )
    return links


async def read_routes(links: dict[str, Link]) -> list[Route]:
    """Those of the main table that lead to a part of the world."""
    names = {link.index: link.name for link in links.values()}
    async with _netlink() as netlink:
        return [
            Route(f"{each.get('dst')}/{each['dst_len']}", names.get(each.get("oif")) or "")
            async for each in await netlink.get_routes(table=_MAIN_TABLE)
            if each.get("dst") and each["dst_len"] and not each.get("dst").startswith("fe80")
        ]


def outlet() -> str:
    """The interface that the default route of IPv4 leads to, the one with the lowest metric; "" for none."""
    rows = [line.split() for line in Path("/proc/thread-self/net/route").read_text().splitlines()[1:]]
    found = sorted((int(row[6]), row[0]) for row in rows if row[1] == row[7] == "00000000")
    return found[0][1] if found else ""


async def add_link(name: str, kind: str, *, parent: str = "", vlan: int = 0, mac: str = "") -> None:
    """A new bridge with the address `mac`, or a VLAN on `parent`. Raises XeniaError."""
    async with _netlink(f"cannot make the {kind} '{name}'") as netlink:
        if kind == "vlan":
            await netlink.link("add", ifname=name, kind=kind, link=_index(parent), vlan_id=vlan)
        else:
            await netlink.link("add", ifname=name, kind=kind, address=mac, br_stp_state=0, br_forward_delay=0)


async def remove_link(name: str) -> None:
    """Silent when there is none. Raises XeniaError."""
    await _forgiving(
        f"cannot remove the interface '{name}'",
        lambda netlink: netlink.link("del", index=_index(name)),
        errno.ENODEV,
    )


async def set_link(name: str, *, up: bool | None = None, mtu: int = 0, master: str | None = None) -> None:
    """Raises XeniaError."""
    wanted: dict[str, Any] = {}
    if mtu:
        wanted["mtu"] = mtu
    async with _netlink(f"cannot set up the interface '{name}'") as netlink:
        if master is not None:
            wanted["master"] = _index(master) if master else 0
        if up is not None:
            wanted["state"] = "up" if up else "down"
        await netlink.link("set", index=_index(name), **wanted)


async def isolate(port: str, *, isolated: bool) -> None:
    """Keep a port of a bridge from the other isolated ones, or not; silent when it is none. Raises XeniaError."""
    await _forgiving(
        f"cannot keep '{port}' from other ports",
        lambda netlink: netlink.link("set", index=_index(port), kind="bridge_slave", isolated=int(isolated)),
        errno.EINVAL,
        errno.ENODEV,
    )


async def add_address(interface: str, address: str) -> None:
    """Silent when it is there already. Raises XeniaError."""
    given = ip_interface(address)
    more: dict[str, Any] = {"IFA_FLAGS": _NODAD} if given.version == 6 else {}
    if given.version == 4 and given.network.prefixlen < 31:
        more["broadcast"] = str(given.network.broadcast_address)
    await _forgiving(
        f"cannot give '{interface}' the address {address}",
        lambda netlink: netlink.addr(
            "add",
            index=_index(interface),
            address=str(given.ip),
            prefixlen=given.network.prefixlen,
            **more,
        ),
        errno.EEXIST,
    )


async def remove_address(interface: str, address: str) -> None:
    """Silent when it is not there. Raises XeniaError."""
    given = ip_interface(address)
    await _forgiving(
        f"cannot take the address {address} from '{interface}'",
        lambda netlink: netlink.addr(
            "del", index=_index(interface), address=str(given.ip), prefixlen=given.network.prefixlen
        ),
        errno.EADDRNOTAVAIL,
        errno.ENODEV,
    )


async def add_route(network: str, interface: str, *, source: str, metric: int) -> None:
    """Raises XeniaError, a conflict where there is such a route."""
    more: dict[str, Any] = {"prefsrc": source} if source else {}
    if ip_network(network).version == 4:
        more["scope"] = _LINK
    async with _netlink(f"cannot route {network} to '{interface}'") as netlink:
        await netlink.route("add", dst=network, oif=_index(interface), priority=metric, **more)


async def remove_route(network: str, interface: str, *, metric: int) -> None:
    """Silent when it is not there. Raises XeniaError."""
    await _forgiving(
        f"cannot take the route to {network} from '{interface}'",
        lambda netlink: netlink.route("del", dst=network, oif=_index(interface), priority=metric),
        errno.ESRCH,
        errno.ENODEV,
    )


async def set_proxied(interface: str, ip: str, *, proxied: bool) -> None:
    """Raises XeniaError."""
    await _forgiving(
        f"cannot answer for {ip} on '{interface}'" if proxied else f"cannot end to answer for {ip} on '{interface}'",
        lambda netlink: netlink.neigh(
            "add" if proxied else "del", dst=ip, ifindex=_index(interface), flags=NTF_PROXY, state=0
        ),
        errno.EEXIST if proxied else errno.ENODEV,
        errno.EEXIST if proxied else errno.ENOENT,
    )


async def _forgiving(what: str, call: Callable[[Any], Any], *fine: int) -> None:
    """Errors of the numbers `fine` mean that it is as it should be."""
    async with _netlink(what) as netlink:
        try:
            await call(netlink)
        except (OSError, _error()) as error:
            if _number(error) not in fine:
                raise


def _index(name: str) -> int:
    """Raises OSError with a number, which socket's own has not."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        raise OSError(errno.ENODEV, f"there is no interface '{name}'") from None


def _number(error: Exception) -> int:
    return getattr(error, "code", None) or getattr(error, "errno", None) or 0


def _error() -> type[Exception]:
    found: type[Exception] = importlib.import_module("pyroute2.netlink.exceptions").NetlinkError
    return found


@asynccontextmanager
async def _netlink(what: str = "cannot look at the interfaces of this host") -> AsyncIterator[Any]:
    """A netlink socket; what goes wrong with it becomes an XeniaError that begins with `what`."""
    pyroute2 = await asyncio.to_thread(importlib.import_module, "pyroute2")
    try:
        async with pyroute2.AsyncIPRoute() as netlink:
            yield netlink
    except (OSError, _error()) as error:
        raise _failure(what, _number(error), error) from error


def _failure(what: str, number: int, error: Exception) -> XeniaError:
    if number in (errno.EPERM, errno.EACCES):
        return denied(f"{what}: xend may not", "run xend as root")
    if number == errno.EEXIST:
        return conflict(f"{what}: there is one already", "ip -d link show tells what it is")
    if number in (errno.EOPNOTSUPP, errno.EPROTONOSUPPORT):
        return unavailable(f"{what}: the kernel cannot", "load its driver: modprobe bridge; modprobe 8021q")
    told = error.args[1] if len(error.args) > 1 else str(error)
    return unavailable(f"{what}: {told}")
