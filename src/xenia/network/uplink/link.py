"""Network interfaces as the kernel tells of them (linux/if_link.h), and what is done to one."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass

from xenia.network.rtnetlink import (
    CREATE,
    DELLINK,
    DELLINKPROP,
    EXCL,
    GETLINK,
    NEWLINK,
    NEWLINKPROP,
    SETLINK,
    Message,
    Rtnetlink,
    attributes,
    nested,
    number,
    text,
)

_IFINFO = struct.Struct("=BxHiII")
_ADDRESS, _IFNAME, _MTU, _LINK, _MASTER, _OPERSTATE, _LINKINFO = 1, 3, 4, 5, 10, 16, 18
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND = 1, 2, 4
_PROP_LIST, _ALT_IFNAME = 52, 53
_BR_FORWARD_DELAY, _BR_STP_STATE = 1, 5
_OPER_UP = 6
_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 0x1, 0x8, 0x10000
_ARPHRD_ETHER = 1


@dataclass(frozen=True, slots=True)
class Link:
    """An interface. `kind` is the driver's word where it is a software device ("" for a card), `master` the index of
    the bridge or bond that it is a part of (0: none), `port_kind` what it is a part of, `lower` the index of the
    interface that it lies upon (a VLAN's card; 0: none).
    """

    index: int
    name: str
    mac: str
    mtu: int
    ethernet: bool
    loopback: bool
    up: bool
    carrier: bool
    working: bool
    kind: str
    master: int
    port_kind: str
    lower: int
    altnames: tuple[str, ...]


def links(kernel: Rtnetlink) -> list[Link]:
    """All interfaces, by their index."""
    found = kernel.dump(GETLINK, _IFINFO.pack(0, 0, 0, 0, 0))
    return sorted(map(_read, found), key=lambda link: link.index)


def find(kernel: Rtnetlink, name: str) -> Link | None:
    """The interface of that name, or of that other name."""
    there = links(kernel)
    for link in there:
        if link.name == name:
            return link
    return next((link for link in there if name in link.altnames), None)


def _read(message: Message) -> Link:
    _, hardware, index, flags, _ = _IFINFO.unpack(message.head)
    info = dict(attributes(message.get(_LINKINFO) or b""))
    state = message.get(_OPERSTATE)
    return Link(
        index=index,
        name=_word(message.get(_IFNAME)),
        mac=(message.get(_ADDRESS) or b"").hex(":"),
        mtu=message.number(_MTU) or 0,
        ethernet=hardware == _ARPHRD_ETHER,
        loopback=bool(flags & _IFF_LOOPBACK),
        up=bool(flags & _IFF_UP),
        carrier=bool(flags & _IFF_LOWER_UP),
        working=state == bytes([_OPER_UP]),
        kind=_word(info.get(_INFO_KIND)),
        master=message.number(_MASTER) or 0,
        port_kind=_word(info.get(_INFO_SLAVE_KIND)),
        lower=message.number(_LINK) or 0,
        altnames=tuple(
            _word(value) for kind, value in attributes(message.get(_PROP_LIST) or b"") if kind == _ALT_IFNAME
        ),
    )


def _word(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode(errors="replace")


def add_bridge(kernel: Rtnetlink, name: str, mac: str = "", mtu: int = 0) -> None:
    """Make a bridge that forwards from the first moment on: no spanning tree, no delay. Its address stays what it is
    when ports come, where `mac` gives one. Raises OSError.
    """
    data = nested(_INFO_DATA, [(_BR_FORWARD_DELAY, number(0)), (_BR_STP_STATE, number(0))])
    values = [(_IFNAME, text(name)), nested(_LINKINFO, [(_INFO_KIND, b"bridge"), data])]
    if mac:
        values.append((_ADDRESS, bytes.fromhex(mac.replace(":", ""))))
    if mtu:
        values.append((_MTU, number(mtu)))
    kernel.ask(NEWLINK, Message(_IFINFO.pack(0, 0, 0, 0, 0), tuple(values)), CREATE | EXCL)


def change(kernel: Rtnetlink, index: int, *, mac: str = "", mtu: int = 0, master: int | None = None) -> None:
    """Give the interface another address, packet size or bridge (0: none). Raises OSError."""
    values = []
    if mac:
        values.append((_ADDRESS, bytes.fromhex(mac.replace(":", ""))))
    if mtu:
        values.append((_MTU, number(mtu)))
    if master is not None:
        values.append((_MASTER, number(master)))
    kernel.ask(SETLINK, Message(_IFINFO.pack(0, 0, index, 0, 0), tuple(values)))


def switch(kernel: Rtnetlink, index: int, *, on: bool) -> None:
    """Switch the interface on or off. Raises OSError."""
    kernel.ask(SETLINK, Message(_IFINFO.pack(0, 0, index, _IFF_UP if on else 0, _IFF_UP)))


def remove(kernel: Rtnetlink, index: int) -> None:
    """Raises OSError."""
    kernel.ask(DELLINK, Message(_IFINFO.pack(0, 0, index, 0, 0)))


def add_altname(kernel: Rtnetlink, index: int, name: str) -> None:
    """Raises OSError (EEXIST where another interface has it)."""
    kernel.ask(NEWLINKPROP, _property(index, name), CREATE | EXCL)


def remove_altname(kernel: Rtnetlink, index: int, name: str) -> None:
    """Raises OSError."""
    kernel.ask(DELLINKPROP, _property(index, name))


def _property(index: int, name: str) -> Message:
    return Message(_IFINFO.pack(0, 0, index, 0, 0), (nested(_PROP_LIST, [(_ALT_IFNAME, text(name))]),))


def wait_until_working(kernel: Rtnetlink, name: str, seconds: float) -> bool:
    """Whether the interface passes frames, now or within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        link = find(kernel, name)
        if link is not None and link.working:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.005)
