"""The VLANs of a port of one of the kernel's bridges (Linux net/bridge/br_netlink.c, linux/if_bridge.h)."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from xenia.model.vlan import Vlans
from xenia.network.rtnetlink import DELLINK, SETLINK, Message, Rtnetlink, nested, without

_AF_BRIDGE = 7
_HEAD = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, interface, flags, change."""
_AF_SPEC, _VLAN_INFO = 26, 2
_PVID, _UNTAGGED = 0x2, 0x4
_NO_SUCH_VLAN = 2
"""ENOENT."""


def keeps_vlans_apart(bridge: str) -> bool:
    """Whether the bridge looks at tags at all."""
    return _setting(bridge, "vlan_filtering") == "1"


def set_vlans(bridge: str, port: str, vlans: Vlans) -> None:
    """Have a port be in these VLANs, and not in the one that the bridge puts ports in. Raises OSError."""
    index = socket.if_nametoindex(port)
    flags = {each: 0 for each in vlans.tagged} | {each: _UNTAGGED for each in vlans.bare}
    if vlans.native:
        flags[vlans.native] = _PVID | _UNTAGGED
    usual = int(_setting(bridge, "default_pvid") or 0)
    with Rtnetlink() as kernel:
        kernel.ask(SETLINK, _message(index, flags))
        if usual and usual not in flags:
            try:
                kernel.ask(DELLINK, _message(index, {usual: 0}))
            except OSError as error:
                without(error, _NO_SUCH_VLAN)


def _message(index: int, flags: dict[int, int]) -> Message:
    infos = [(_VLAN_INFO, struct.pack("=HH", flag, number)) for number, flag in sorted(flags.items())]
    return Message(_HEAD.pack(_AF_BRIDGE, 0, index, 0, 0), (nested(_AF_SPEC, infos),))


def _setting(bridge: str, name: str) -> str:
    try:
        return Path("/sys/class/net", bridge, "bridge", name).read_text().strip()
    except OSError:
        return ""
