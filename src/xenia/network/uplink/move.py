"""Taking a card under the bridge, and giving it back: the order of steps that connections live through.

The card becomes a port first. From then on what arrives is handed to the host by the bridge, whoever has the address,
while what leaves still goes out of the card. Then the bridge gets all that the card has, and only then the card gives
it up. Back it goes the same way round. Every step may have been done before.
"""

from __future__ import annotations

import errno
import secrets
import time

from xenia.network.rtnetlink import Rtnetlink, without
from xenia.network.uplink import interface_settings
from xenia.network.uplink import link as interfaces
from xenia.network.uplink.link import Link
from xenia.network.uplink.place import place, strip, strip_rules
from xenia.network.uplink.record import Record
from xenia.network.uplink.state import End

_CARRIER_SECONDS = 3.0


def make_bridge(kernel: Rtnetlink, name: str, card: Link | None = None) -> Link:
    """The bridge, switched on, with the address and packet size of the card it is for; made where it is not there. The
    host itself has no address on it, and no IPv6. Raises OSError.
    """
    bridge = interfaces.find(kernel, name)
    if bridge is None:
        interfaces.add_bridge(kernel, name, card.mac if card else _random_mac(), card.mtu if card else 0)
        interface_settings.switch_off(name)
    elif card is not None:
        interfaces.change(kernel, bridge.index, mac=card.mac, mtu=card.mtu)
    found = interfaces.find(kernel, name)
    if found is None:
        raise OSError(errno.ENODEV, f"'{name}' has been removed again by somebody")
    interfaces.switch(kernel, found.index, on=True)
    return found


def _random_mac() -> str:
    """One that says itself that it is nobody's (IEEE 802: locally administered)."""
    first, *rest = secrets.token_bytes(6)
    return bytes([first & 0xFC | 0x02, *rest]).hex(":")


def take(kernel: Rtnetlink, record: Record, card: Link, bridge: Link) -> None:
    """What the record says that the card had is the bridge's afterwards, and the card is its port. Raises OSError."""
    interface_settings.copy_settings(card.name, bridge.name)
    interfaces.switch(kernel, card.index, on=True)
    interfaces.change(kernel, card.index, master=bridge.index)
    if card.carrier:
        interfaces.wait_until_working(kernel, bridge.name, _CARRIER_SECONDS)
    place(kernel, record.state, record.source, bridge, _elapsed(record))
    strip(kernel, card)
    if record.altname:
        try:
            interfaces.add_altname(kernel, card.index, record.altname)
        except OSError as error:
            without(error, errno.EEXIST)


def give_back(kernel: Rtnetlink, record: Record, *, keep: bool) -> int:
    """What the record holds is the card's afterwards, and the bridge has nothing of it. A bridge of ours is removed
    with it, unless it is to be kept or others are its ports. Its index, or 0. Raises OSError.
    """
    there = interfaces.links(kernel)
    card = next((each for each in there if each.index == record.card_index and each.mac == record.mac), None)
    bridge = next((each for each in there if each.name == record.bridge and each.kind == "bridge"), None)
    if card is not None:
        place(kernel, record.state, record.source, card, _elapsed(record))
    if bridge is not None:
        strip(kernel, bridge)
    else:
        strip_rules(kernel, End(record.bridge_index, record.bridge))
    if card is not None:
        if bridge is not None and card.master == bridge.index:
            interfaces.change(kernel, card.index, master=0)
        if record.altname in card.altnames:
            interfaces.remove_altname(kernel, card.index, record.altname)
        if not record.was_up:
            interfaces.switch(kernel, card.index, on=False)
    if bridge is None or not record.made(bridge):
        return 0
    return _leave(kernel, bridge, keep=keep)


def _leave(kernel: Rtnetlink, bridge: Link, *, keep: bool) -> int:
    used = any(each.master == bridge.index for each in interfaces.links(kernel))
    if not keep and not used:
        interfaces.remove(kernel, bridge.index)
        return 0
    interfaces.change(kernel, bridge.index, mac=_random_mac())
    return bridge.index


def now() -> float:
    """Seconds since the host was booted, its sleep included; the clock of records."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _elapsed(record: Record) -> float:
    return max(0.0, now() - record.at)
