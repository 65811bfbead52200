"""Network interfaces of the host by ioctl, in the network namespace of the calling thread (man netdevice)."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from xenia.model.errors import conflict, invalid

NAME_LIMIT = 15
"""Characters: IFNAMSIZ is 16 with the NUL."""

_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCGIFMTU, _SIOCSIFMTU = 0x8921, 0x8922
_SIOCSIFNAME, _SIOCSIFHWADDR = 0x8923, 0x8924
_IFF_UP = 1
_ARPHRD_ETHER = 1
_IFREQ = 40
"""Bytes of struct ifreq: the name, and a union of up to 24 bytes."""


def check_name(name: str) -> None:
    """Raises invalid for what is no interface name to Linux (dev_valid_name), or makes it choose a number (`%`)."""
    if not name or name in (".", "..") or not name.isprintable() or any(char in "/:% " for char in name):
        raise invalid(f"{name!a} cannot be the name of an interface", "use letters, digits, dots and dashes")
    if len(name.encode()) > NAME_LIMIT:
        raise invalid(f"the interface name '{name}' is longer than {NAME_LIMIT} characters", "choose a shorter one")


def exists(name: str) -> bool:
    """Whether there is an interface of that (possible) name."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


EMULATED = "-emu"
"""Behind the name of a card on Xen: what its device model has for it beside Xen's own (libxl_nic.c)."""


def check_free(name: str) -> None:
    """Raises invalid for an impossible name, conflict for one that another interface has."""
    check_name(name)
    if exists(name):
        raise conflict(f"the interface '{name}' exists already", f"see what it is: ip -d link show {name}")


def set_up(name: str) -> None:
    """Switch the interface on. Raises OSError."""
    _switch(name, up=True)


def set_down(name: str) -> None:
    """Switch the interface off. Raises OSError."""
    _switch(name, up=False)


def _switch(name: str, *, up: bool) -> None:
    with _control() as control:
        (flags,) = struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFFLAGS, request(name)), 16)
        flags = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, request(name, struct.pack("H", flags)))


def rename(name: str, new: str) -> None:
    """Call an interface that is not switched on `new`. Raises OSError."""
    with _control() as control:
        fcntl.ioctl(control, _SIOCSIFNAME, request(name, new.encode()))


def set_mac(name: str, mac: str) -> None:
    """Give the interface a hardware address. Raises OSError."""
    with _control() as control:
        address = bytes.fromhex(mac.replace(":", ""))
        fcntl.ioctl(control, _SIOCSIFHWADDR, request(name, struct.pack("H6s", _ARPHRD_ETHER, address)))


def copy_mtu(source: str, target: str) -> None:
    """Give `target` the packet size of `source`. Raises OSError."""
    with _control() as control:
        (mtu,) = struct.unpack_from("i", fcntl.ioctl(control, _SIOCGIFMTU, request(source)), 16)
        fcntl.ioctl(control, _SIOCSIFMTU, request(target, struct.pack("i", mtu)))


def request(name: str, value: bytes = b"") -> bytes:
    """A struct ifreq."""
    return struct.pack("16s", name.encode()) + value.ljust(_IFREQ - 16, b"\0")


@contextmanager
def _control() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        yield control
