"""Tap devices: the host's end of a guest's card (Linux Documentation/networking/tuntap.rst)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path

from xenia.model.errors import denied, unavailable
from xenia.model.vlan import Vlans
from xenia.network.bridge import add_port
from xenia.network.interface import check_free, copy_mtu, request, set_mac, set_up

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000

PORT_MAC = "fe:ff:ff:ff:ff:ff"
"""The address of every tap, as in Xen's vif-common.sh: a bridge takes the lowest of its ports', so it keeps its own."""


def open_tap(name: str) -> int:
    """A new tap device `name` that lives as long as a copy of the descriptor is open; each frame has a virtio header
    before it (QEMU asks the descriptor and adapts, whatever the card).

    Raises invalid for an impossible name, conflict for a taken one, denied without the rights, unavailable without tap
    devices.
    """
    check_free(name)
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError as error:
        raise denied("xend may not open /dev/net/tun", "run xend as root to use bridges") from error
    except OSError as error:
        raise unavailable(f"cannot open /dev/net/tun: {error.strerror}", "load its driver: modprobe tun") from error
    try:
        flags = struct.pack("H", _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR)
        fcntl.ioctl(descriptor, _TUNSETIFF, request(name, flags))
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EPERM, errno.EACCES):
            raise denied(f"xend may not make the tap device '{name}'", "run xend as root to use bridges") from error
        raise unavailable(f"cannot make the tap device '{name}': {error.strerror}") from error
    return descriptor


def plug(name: str, bridge: str, vlans: Vlans | None = None) -> None:
    """Make the tap device `name` a port of `bridge`, in these VLANs, and switch it on. Raises unavailable."""
    try:
        _silence(name)
        set_mac(name, PORT_MAC)
        copy_mtu(bridge, name)
        add_port(bridge, name, vlans)
        set_up(name)
    except OSError as error:
        raise unavailable(f"cannot make '{name}' a port of the bridge '{bridge}': {error.strerror}") from error


def set_alone(name: str) -> None:
    """Switch on a tap device that is a port of nothing. Raises unavailable."""
    try:
        _silence(name)
        set_mac(name, PORT_MAC)
        set_up(name)
    except OSError as error:
        raise unavailable(f"cannot switch on '{name}': {error.strerror}") from error


def _silence(name: str) -> None:
    """The host itself does not speak on a guest's wire: no IPv6 addresses of its own there."""
    try:
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
    except OSError:
        return  # no IPv6 on this host, or /proc is read-only in a container
