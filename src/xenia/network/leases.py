"""What a dnsmasq has leased, from its lease file (dnsmasq's src/lease.c).

A line is `EXPIRES MAC IP NAME CLIENT-ID`; after the line `duid ...` come those of DHCPv6, `EXPIRES IAID IP NAME DUID`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xenia.model.network import Lease

_DUID_WITH_ADDRESS = {"00:01:00:01": 8, "00:03:00:01": 4}
"""Those that hold an Ethernet address, and behind how many octets (RFC 8415, 11.2 and 11.4)."""


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
