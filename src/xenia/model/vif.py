"""vif: a network card of a domain, as its guest file asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VifType(StrEnum):
    EMULATED = "ioemu"
    """A card that exists in hardware; `Vif.model` names it."""
    PARAVIRTUAL = "vif"
    """Xen netfront; virtio-net on QEMU."""


@dataclass(frozen=True, slots=True)
class Vif:
    """One item of `vif = [...]`, or one of `nics`.

    `mac` is lower-case with two digits each, or None: then one is made in Xen's range 00:16:3e and kept in the domain
    record. `network` is the name of a network of this host, whose bridge it goes to; else `bridge`, None meaning the
    host's default. `rate` is kept as it was written (`10Mb/s`). `item` is its index in
    the list, from 0: the number of the card, by which its host's end is called (`vif3.0`).
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
    item: int = 0
