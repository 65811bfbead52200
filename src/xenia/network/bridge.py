"""Bridges of the host: finding them and making an interface a port of one (Linux net/bridge/br_ioctl.c)."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

from xenia.model.errors import XeniaError, conflict, not_found
from xenia.network.interface import check_name, exists, request

_SIOCGIFBR, _BRCTL_GET_BRIDGES = 0x8940, 1
_SIOCBRADDIF = 0x89A2
_LIMIT = 1024


def bridges() -> list[str]:
    """The names of all bridges, sorted; none where the kernel has no bridges at all."""
    indexes = array.array("i", bytes(4 * _LIMIT))
    query = struct.pack("LLL", _BRCTL_GET_BRIDGES, indexes.buffer_info()[0], _LIMIT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SIOCGIFBR, query)
        except OSError:
            return []
    return sorted(socket.if_indextoname(index) for index in indexes if index)


def add_port(bridge: str, interface: str) -> None:
    """Make `interface` a port of `bridge`. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        index = struct.pack("i", socket.if_nametoindex(interface))
        fcntl.ioctl(control, _SIOCBRADDIF, request(bridge, index))


def no_bridge(name: str) -> XeniaError:
    """The error for a bridge that a guest file names and that is none: nothing has the name, or something else has it.

    Raises invalid where no interface can have such a name.
    """
    check_name(name)
    there = bridges()
    hint = f"bridges here: {', '.join(there)}" if there else "no bridge is here"
    if exists(name):
        return conflict(f"'{name}' is a network interface, but not a bridge", f"{hint}; name one in bridge=")
    return not_found(
        f"there is no bridge '{name}'", f"{hint}; make it: ip link add {name} type bridge && ip link set {name} up"
    )
