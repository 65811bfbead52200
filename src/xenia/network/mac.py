"""Hardware addresses: of guests' cards, and of our bridges."""

from __future__ import annotations

import hashlib
import secrets
import socket
from collections.abc import Collection
from pathlib import Path

XEN_PREFIX = "00:16:3e"
"""Given to Xen by the IEEE for guests (IEEE OUI register: XenSource)."""

_MACHINE_ID = Path("/etc/machine-id")
_LOCAL = 0x02
"""The first octet of an address that no maker has given (IEEE 802, the bit for local administration)."""


def generate_mac(taken: Collection[str] = ()) -> str:
    """A random address in Xen's range that is not in `taken`, in lower case.

    The top bit of the fourth octet stays clear, as in xend's randomMAC, which leaves the upper half to addresses chosen
    by hand.
    """
    while True:
        tail = secrets.randbits(23)
        mac = f"{XEN_PREFIX}:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"
        if mac not in taken:
            return mac


def bridge_mac(bridge: str) -> str:
    """The address of a bridge: of its own, so that it does not change with its ports, and always the same on this host,
    so that guests find it again when it was made anew.
    """
    try:
        host = _MACHINE_ID.read_text()
    except OSError:
        host = socket.gethostname()
    tail = hashlib.blake2b(f"{host}{bridge}".encode(), digest_size=5).digest()
    return ":".join(f"{byte:02x}" for byte in (_LOCAL, *tail))
