"""What a dnsmasq has leased, from its lease file (dnsmasq's src/lease.c).

A line is `EXPIRES MAC IP NAME CLIENT-ID`; after the line `duid ...` come those of DHCPv6, `EXPIRES IAID IP NAME DUID`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from xenia.lib.inotify import MODIFY, Inotify
from xenia.model.network import Lease

_DUID_WITH_ADDRESS = {"00:01:00:01": 8, "00:03:00:01": 4}
"""Those that hold an Ethernet address, and behind how many octets (RFC 8415, 11.2 and 11.4)."""


_SETTLED = 0.05
"""Seconds without news until the files are read: dnsmasq writes all of one anew."""


class LeaseWatch:
    """Tells that a lease file in `folder` has been written. `close` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inotify: Inotify | None = None
        self._news = asyncio.Event()

    def open(self) -> None:
        """Begin to look; once. The folder is made where there is none yet. Raises OSError."""
        if self._inotify is None:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._inotify = Inotify(self._folder, MODIFY)
            asyncio.get_running_loop().add_reader(self._inotify.descriptor, self._read, self._inotify)

    def _read(self, inotify: Inotify) -> None:
        if inotify.read():
            self._news.set()

    async def changed(self) -> None:
        """Returns when something was written since the last call, and it is calm."""
        await self._news.wait()
        while self._news.is_set():
            self._news.clear()
            await asyncio.sleep(_SETTLED)

    def close(self) -> None:
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.descriptor)
            self._inotify.close()
            self._inotify = None


def read_leases(path: str) -> tuple[Lease, ...]:
    """All of them, expired ones too; empty when there is no file."""
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        return ()
    return tuple(_leases(text))


def _leases(text: str) -> Iterator[Lease]:
    by_duid = False
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["duid"]:
            by_duid = True
        elif len(words) == 5 and words[0].isdecimal():
            expires, second, ip, name, client = words
            mac = _mac_of(client) if by_duid else second
            yield Lease(ip, mac, "" if name == "*" else name, float(expires))


def _mac_of(duid: str) -> str:
    octets = duid.split(":")
    skipped = _DUID_WITH_ADDRESS.get(":".join(octets[:4]))
    return ":".join(octets[skipped:]) if skipped is not None and len(octets) == skipped + 6 else ""
