"""The kernel tells what changes in the host's network: interfaces, addresses, rules, and processes that end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import suppress

_NETLINK_ROUTE, _NETLINK_NETFILTER = 0, 12
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 1, 5, 9
_NFTABLES = 7
"""Groups of linux/rtnetlink.h and linux/netfilter/nfnetlink.h."""

_SETTLED = 0.2
"""Seconds without news until something is looked at: a change comes with others."""

_BUFFER = 1 << 16


class Watch:
    """Of the network namespace of the thread that calls `open`. `close` at the end. Of interfaces and addresses
    (`links`), of `rules`, or of both.
    """

    def __init__(self, *, links: bool = True, rules: bool = True) -> None:
        self._groups: dict[int, tuple[int, ...]] = {}
        if links:
            self._groups[_NETLINK_ROUTE] = (_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS)
        if rules:
            self._groups[_NETLINK_NETFILTER] = (_NFTABLES,)
        self._news = asyncio.Event()
        self._sockets: list[socket.socket] = []
        self._processes: dict[int, int] = {}

    def open(self) -> None:
        """Begin to listen; once."""
        if self._sockets:
            return
        for family, numbers in self._groups.items():
            with suppress(OSError):  # a kernel without nftables
                each = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, family)
                each.bind((0, sum(1 << (number - 1) for number in numbers)))
                asyncio.get_running_loop().add_reader(each, self._read, each)
                self._sockets.append(each)

    async def changed(self, processes: Iterable[int] = ()) -> None:
        """Returns when something has changed since the last call, or one of `processes` has ended, and it is calm."""
        self._follow(set(processes))
        await self._news.wait()
        while self._news.is_set():
            self._news.clear()
            await asyncio.sleep(_SETTLED)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()
        self._sockets.clear()
        self._follow(set())

    def _read(self, source: socket.socket) -> None:
        """What it says is not read: whoever waits looks at all there is. Lost messages (ENOBUFS) are news, too."""
        with suppress(BlockingIOError, OSError):
            while source.recv(_BUFFER):
                pass
        self._news.set()

    def _follow(self, wanted: set[int]) -> None:
        loop = asyncio.get_running_loop()
        for pid in self._processes.keys() - wanted:
            pidfd = self._processes.pop(pid)
            loop.remove_reader(pidfd)
            os.close(pidfd)
        for pid in wanted - self._processes.keys():
            try:
                pidfd = os.pidfd_open(pid)
            except ProcessLookupError:
                self._news.set()
                continue
            self._processes[pid] = pidfd
            loop.add_reader(pidfd, self._ended, pid)

    def _ended(self, pid: int) -> None:
        pidfd = self._processes.pop(pid)
        asyncio.get_running_loop().remove_reader(pidfd)
        os.close(pidfd)
        self._news.set()
