"""Which interfaces can be taken under a bridge, and what speaks against the others."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Sequence

from xenia.model.errors import XeniaError, conflict, invalid, not_found
from xenia.network.interface import check_name, request
from xenia.network.uplink.link import Link

_SIOCGIWNAME = 0x8B01
_TAKES_FRAMES = ("macvlan", "macvtap", "ipvlan", "ipvtap")
_NO_CARDS = ("bridge", "vlan", "vrf", "tun", *_TAKES_FRAMES)
_NAT = "guests reach the network through a network with NAT instead: xm help network create"


def card_for(name: str, bridge: str, there: Sequence[Link]) -> Link:
    """The interface `name` of those that are `there`, if it can become a port of `bridge` (or is one).

    Raises invalid, not_found or a conflict that says why not, and what to do.
    """
    check_name(name)
    link = next((each for each in there if each.name == name), None)
    if link is None:
        raise not_found(f"there is no interface '{name}' on this host", _cards(there, bridge))
    _refuse_kind(link, there, bridge)
    _refuse_used(link, there, bridge)
    return link


def _refuse_kind(link: Link, there: Sequence[Link], bridge: str) -> None:
    name = link.name
    if link.loopback:
        raise invalid(f"'{name}' is the loopback: it leads nowhere", _cards(there, bridge))
    if link.kind == "bridge":
        if name == bridge:
            raise invalid(f"'{name}' is the bridge itself", _cards(there, bridge))
        raise invalid(f"'{name}' is a bridge itself", f'to have guests use it as it is: default_bridge = "{name}"')
    if link.kind == "vlan":
        card = next((each.name for each in there if each.index == link.lower), "its card")
        raise invalid(
            f"'{name}' is a VLAN of '{card}'", f"name '{card}', and make a network for the VLAN: xm help network create"
        )
    if not link.ethernet or link.kind in _NO_CARDS:
        what = f" but a {link.kind}" if link.kind in _NO_CARDS else ""
        raise invalid(f"'{name}' is no Ethernet card{what}: a bridge cannot have it", _cards(there, bridge))
    if _wireless(name):
        raise invalid(f"'{name}' is a wireless card: its access point takes frames from no address but its own", _NAT)


def _refuse_used(link: Link, there: Sequence[Link], bridge: str) -> None:
    master = next((each for each in there if each.index == link.master), None)
    if master is not None and not (master.name == bridge and master.kind == "bridge"):
        raise _in_use(link, master)
    for each in there:
        if each.lower == link.index and each.kind in _TAKES_FRAMES:
            raise conflict(
                f"'{link.name}' has the {each.kind} '{each.name}' upon it, and the kernel gives its frames to one only",
                f"remove it first: ip link delete {each.name}",
            )


def _in_use(link: Link, master: Link) -> XeniaError:
    if master.kind == "bridge":
        return conflict(
            f"'{link.name}' is a port of the bridge '{master.name}' already",
            f'have guests use that one: default_bridge = "{master.name}", without bridge.interface',
        )
    return conflict(f"'{link.name}' is a part of '{master.name}' ({master.kind or 'team'})", f"name '{master.name}'")


def _cards(there: Sequence[Link], bridge: str) -> str:
    usable = [each.name for each in there if _usable(each, bridge)]
    return f"cards here: {', '.join(usable)}" if usable else "there is no card on this host that a bridge could have"


def _usable(link: Link, bridge: str) -> bool:
    if link.loopback or not link.ethernet or link.kind in _NO_CARDS or link.master or link.name == bridge:
        return False
    return not _wireless(link.name)


def _wireless(name: str) -> bool:
    """Whether it answers as a wireless card does (Linux include/uapi/linux/wireless.h, SIOCGIWNAME)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SIOCGIWNAME, request(name))
        except OSError:
            return False
    return True
