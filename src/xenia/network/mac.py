"""Hardware addresses of guests' cards."""

from __future__ import annotations

import secrets
from collections.abc import Collection

XEN_PREFIX = "00:16:3e"
"""Given to Xen by the IEEE for guests (IEEE OUI register: XenSource)."""


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
