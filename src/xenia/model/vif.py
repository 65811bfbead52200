"""vif: a network card of a domain, as its guest file asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_RATE = re.compile(r"(\d+)([GMK]?[Bb])/s(?:@(\d+)(ms|us|s))?")
_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}
_INTERVALS = {"s": 1000**2, "ms": 1000, "us": 1}
_INTERVAL = 50_000
_MOST_RATE = (1 << 32) - 1


class VifType(StrEnum):
    EMULATED = "ioemu"
    """A card that exists in hardware; `Vif.model` names it."""
    PARAVIRTUAL = "vif"
    """Xen netfront; virtio-net on QEMU."""


class LinkState(StrEnum):
    UP = "up"
    DOWN = "down"


USER_MODE = "user"
"""What the host's end of a card is called that has none."""


class Way(StrEnum):
    """How the host's end of a card is connected to the rest."""

    BRIDGE = "bridge"
    """It is a port of a bridge."""
    NAT = "nat"
    """It is a port of the bridge of the network for such cards."""
    ROUTE = "route"
    """It is a port of nothing: the host has routes to the addresses of the card."""

    SCRIPT = "script"
    """A script of the administrator's connects it."""


_WAYS = {
    "vif-bridge": Way.BRIDGE,
    "vif-openvswitch": Way.BRIDGE,
    "vif-route": Way.ROUTE,
    "vif-nat": Way.NAT,
}
"""By Xen's names of the scripts that did so."""
_OF_XEN = "/etc/xen/scripts/"
"""Where Xen has its scripts: naming one of them with or without its folder is the same."""


class VifFilter(StrEnum):
    """What of a card's guest is dropped at the host's end of it; each level has those above it."""

    OFF = "off"
    """Nothing."""
    MAC = "mac"
    """Frames and ARP with another hardware address than the card's, and those that bridges keep to themselves."""
    CLIENT = "client"
    """What only servers and routers send: DHCP answers, router advertisements, redirects; frames in two VLAN tags."""
    ADDRESS = "address"
    """Other addresses than those that are known of the card, in ARP, neighbour discovery and IP; other protocols."""


@dataclass(frozen=True, slots=True)
class Vif:
    """One item of `vif = [...]`, or one of `nics`.

    `mac` is lower-case with two digits each, or None: then one is made in Xen's range 00:16:3e and kept in the domain
    record. `network` is the name of a network of this host, whose bridge it goes to; else `bridge`, None meaning the
    host's default. `rate` is kept as it was written (`10Mb/s`). `item` is its index in the list, from 0: the number of
    the card, by which its host's end is called (`vif3.0`). `gateway` (up to one address of each IP) and `gatewaydev`,
    an interface of the host, are for a card that is routed. `vlan` are those of its port (model.vlan). `filter` None
    means: the addresses where some are known, else as a client. Not `linked`, it is a card whose cable is pulled out.
    """

    type: VifType = VifType.EMULATED
    mac: str | None = None
    bridge: str | None = None
    model: str | None = None
    script: str | None = None
    ip: tuple[str, ...] = ()
    gateway: str | None = None
    vifname: str | None = None
    rate: str | None = None
    backend: str | None = None
    network: str | None = None
    filter: VifFilter | None = None
    gatewaydev: str | None = None
    vlan: str | None = None
    linked: bool = True
    item: int = 0

    @property
    def way(self) -> Way:
        if not self.script:
            return Way.BRIDGE
        name = self.script.split(" ")[0].removeprefix(_OF_XEN)  # behind it there may be words for the script
        return _WAYS.get(name, Way.SCRIPT)

    @property
    def is_port(self) -> bool:
        """Whether its host's end becomes a port of a bridge by our doing."""
        return self.way in (Way.BRIDGE, Way.NAT)


def read_rate(text: str) -> tuple[int, int] | None:
    """`10Mb/s`, `1MB/s@20ms` (xl-network-configuration(5)) as bytes in a second and the microseconds after which a card
    gets new credit. None where it is no rate; every figure has 32 bits at most.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        return None
    number = int(found[1][:20])
    bytes_per_second = number * _UNITS[found[2][:-1]] // (8 if found[2][-1] == "b" else 1)
    microseconds = int(found[3][:20]) * _INTERVALS[found[4]] if found[3] else _INTERVAL
    if number > _MOST_RATE or not (0 < bytes_per_second <= _MOST_RATE and 0 < microseconds <= _MOST_RATE):
        return None
    return bytes_per_second, microseconds
