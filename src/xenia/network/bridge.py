"""Bridges of the host, the kernel's (Linux net/bridge/br_ioctl.c) and those of Open vSwitch: finding them, and making
an interface a port of one.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct

from xenia.model.errors import XeniaError, conflict, invalid, not_found
from xenia.model.vlan import Vlans, read_switch, read_vlans
from xenia.network import openvswitch
from xenia.network.interface import check_name, exists, request
from xenia.network.port_vlans import keeps_vlans_apart, set_vlans

_SIOCGIFBR, _BRCTL_GET_BRIDGES = 0x8940, 1
_SIOCBRADDIF = 0x89A2
_LIMIT = 1024


def bridges() -> list[str]:
    """The names of all bridges, sorted."""
    return sorted({*_of_the_kernel(), *openvswitch.switches()})


def _of_the_kernel() -> list[str]:
    """None where the kernel has no bridges at all."""
    indexes = array.array("i", bytes(4 * _LIMIT))
    query = struct.pack("LLL", _BRCTL_GET_BRIDGES, indexes.buffer_info()[0], _LIMIT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SIOCGIFBR, query)
        except OSError:
            return []
    return [socket.if_indextoname(index) for index in indexes if index]


def find(bridge: str, vlan: str | None) -> tuple[str, Vlans | None]:
    """The bridge that a card is meant for, and its VLANs there: those of `vlan`, or, with Open vSwitch, in the name of
    the bridge (`ovsbr0.10:20`).

    Raises what `no_bridge` makes, invalid for VLANs that are none, a conflict where they are said twice, or where the
    bridge cannot have them.
    """
    there, switches = _of_the_kernel(), openvswitch.switches()
    vlans = read_vlans(vlan) if vlan else None
    if vlan and vlans is None:
        raise invalid(f"vlan={vlan} names no VLANs", "as in vlan=10, or vlan=10p/20/100-110")
    named = read_switch(bridge) if bridge not in (*there, *switches) else None
    if named is not None and named[0] in switches:
        if vlans is not None:
            raise conflict(f"VLANs are named by bridge={bridge} and by vlan={vlan}", f"bridge={named[0]}")
        bridge, vlans = named
    if bridge not in (*there, *switches):
        raise no_bridge(bridge)
    if vlans is not None and bridge in there and not keeps_vlans_apart(bridge):
        raise conflict(
            f"the bridge '{bridge}' does not keep VLANs apart", f"ip link set {bridge} type bridge vlan_filtering 1"
        )
    if vlans is not None and bridge not in there and vlans.bare:
        raise conflict(f"vlan={vlan}: Open vSwitch sends one VLAN without a tag, not several", "leave out the u")
    return bridge, vlans


def add_port(bridge: str, interface: str, vlans: Vlans | None = None) -> None:
    """Make `interface` a port of `bridge`, in these VLANs. Raises OSError."""
    if bridge not in _of_the_kernel() and bridge in openvswitch.switches():
        openvswitch.add_port(bridge, interface, vlans)
        return
    _add_port(bridge, interface)
    if vlans is not None:
        set_vlans(bridge, interface, vlans)


def put_in_vlans(bridge: str, port: str, vlans: Vlans) -> None:
    """Have what is a port of `bridge` already be in these VLANs only. Raises OSError."""
    if bridge in _of_the_kernel():
        set_vlans(bridge, port, vlans)
    else:
        openvswitch.set_vlans(port, vlans)


def _add_port(bridge: str, interface: str) -> None:
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
