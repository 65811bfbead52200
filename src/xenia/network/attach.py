"""A card of one guest and what it is attached to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xenia.model.domain import DomainConfig
from xenia.model.vif import Vif
from xenia.network.bridge import bridges, no_bridge
from xenia.network.tap import open_tap, plug

DEFAULT_BRIDGE = "xenbr0"

_BRIDGE_SCRIPT = "vif-bridge"


@dataclass(frozen=True, slots=True)
class AttachedVif:
    """`mac` is decided. `tap` is the descriptor of a tap device named `ifname` that is a port of `bridge`; None means
    user-mode networking.

    `notes` say what is not as the guest file has it.
    """

    vif: Vif
    mac: str
    tap: int | None = None
    ifname: str = "user"
    bridge: str | None = None
    notes: tuple[str, ...] = ()


class Network:
    """Attaches the cards of guests. `default_bridge` serves those whose guest file names none. Keeps nothing between
    calls."""

    def __init__(self, default_bridge: str = DEFAULT_BRIDGE) -> None:
        self._default = default_bridge

    def attach(self, config: DomainConfig, domid: int, macs: Sequence[str], *, privileged: bool) -> list[AttachedVif]:
        """Attach all cards of a domain that is about to start: `macs` are their addresses, in list order.

        A card goes to the bridge it names, which must be there; one that names none to the default bridge, or where
        that is not there to user-mode networking. Without privileges all cards get user-mode networking. The
        descriptors belong to the caller, who ends with `detach`. Raises the errors of `attach_vif`; then nothing is
        left.
        """
        attached: list[AttachedVif] = []
        try:
            for vif, mac in zip(config.vifs, macs, strict=True):
                attached.append(self.attach_vif(vif, domid, len(attached), mac, privileged=privileged))
        except BaseException:
            self.detach(attached)
            raise
        return attached

    def attach_vif(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Attach one card: number `number` (from 0) of the domain `domid`, which is `vifDOMID.NUMBER` on the host.

        Raises not_found or conflict for a bridge that is none, invalid for an impossible and conflict for a taken
        interface name, denied or unavailable where the host refuses.
        """
        notes = _script_notes(vif)
        if not privileged:
            wish = f"bridge {vif.bridge} needs root: " if vif.bridge else ""
            return AttachedVif(vif, mac, notes=(f"{wish}{_USER_MODE}", *notes))
        there = bridges()
        bridge = vif.bridge or self._default
        if bridge not in there:
            if vif.bridge:
                raise no_bridge(bridge)
            return AttachedVif(vif, mac, notes=(f"there is no bridge {bridge} on this host: {_USER_MODE}", *notes))
        name = vif.vifname or f"vif{domid}.{number}"
        tap = open_tap(name)
        try:
            plug(name, bridge)
        except BaseException:
            os.close(tap)
            raise
        return AttachedVif(vif, mac, tap, name, bridge, notes)

    def detach(self, attached: Iterable[AttachedVif]) -> None:
        """Close what `attach` opened. A tap device lasts on where a guest has inherited it, and ends with that. Called
        once."""
        for card in attached:
            if card.tap is not None:
                os.close(card.tap)


_USER_MODE = "the card gets user-mode networking (the guest reaches out, nothing reaches it)"


def _script_notes(vif: Vif) -> tuple[str, ...]:
    if vif.script is None or vif.script.rsplit("/", 1)[-1] == _BRIDGE_SCRIPT:
        return ()
    return (f"the vif script {vif.script} is not run: the card becomes a port of a bridge",)
