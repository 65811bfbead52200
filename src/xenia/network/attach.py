"""A card of one guest and what it is attached to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from xenia.model.vif import Vif
from xenia.network.bridge import bridges, no_bridge
from xenia.network.interface import check_free
from xenia.network.tap import open_tap, plug

DEFAULT_BRIDGE = "xenbr0"

_BRIDGE_SCRIPT = "vif-bridge"


@dataclass(frozen=True, slots=True)
class AttachedVif:
    """`mac` is decided. `tap` is the descriptor of a tap device named `ifname` that is a port of `bridge`; None means
    user-mode networking.

    An engine that makes interfaces itself gets a bridge without a tap. `notes` say what is not as the guest file has
    it.
    """

    vif: Vif
    mac: str
    tap: int | None = None
    ifname: str = "user"
    bridge: str | None = None
    notes: tuple[str, ...] = ()


class Network(Protocol):
    """Attaches the cards of guests, in the way that the engine at hand needs. Keeps nothing between calls."""

    def check(self, vif: Vif, *, privileged: bool) -> None:
        """Raises what `attach` would raise of the bridge that the card is meant for."""

    def attach(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Make ready one card: number `number` (from 0) of the domain `domid`. The result is ended with `detach`."""

    def detach(self, attached: AttachedVif) -> None:
        """Let go of what `attach` made, once. What a guest has taken over lasts as long as the guest."""


class TapNetwork:
    """For an engine that takes taps: each card becomes a port of a bridge, those that name none of `default_bridge`."""

    def __init__(self, default_bridge: str = DEFAULT_BRIDGE) -> None:
        self._default = default_bridge

    def check(self, vif: Vif, *, privileged: bool) -> None:
        """Only a bridge that is named must be there, and only for those who may use it."""
        if privileged and vif.bridge and vif.bridge not in bridges():
            raise no_bridge(vif.bridge)

    def attach(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Attach one card: number `number` (from 0) of the domain `domid`, which is `vifDOMID.NUMBER` on the host.

        It goes to the bridge it names, which must be there; one that names none to the default bridge, or where that is
        not there to user-mode networking. Without privileges every card gets user-mode networking. The descriptor
        belongs to the caller, who ends with `detach`.

        Raises not_found or conflict for a bridge that is none, invalid for an impossible and conflict for a taken
        interface name, denied or unavailable where the host refuses; then nothing is left.
        """
        notes = _script_notes(vif)
        if not privileged:
            wished = f"network {vif.network}" if vif.network else vif.bridge and f"bridge {vif.bridge}"
            wish = f"{wished} needs root: " if wished else ""
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

    def detach(self, attached: AttachedVif) -> None:
        """Close what `attach` opened, once. A tap device that a guest has inherited lasts as long as the guest."""
        if attached.tap is not None:
            os.close(attached.tap)


class BackendNetwork:
    """For a hypervisor that makes the interfaces itself (Xen's netback): which bridge each is to be a port of."""

    def __init__(self, default_bridge: str = DEFAULT_BRIDGE) -> None:
        self._default = default_bridge

    def check(self, vif: Vif, *, privileged: bool) -> None:
        """Raises not_found or conflict for a bridge that is none."""
        del privileged
        self._bridge(vif)

    def _bridge(self, vif: Vif) -> str:
        bridge = vif.bridge or self._default
        if bridge not in bridges():
            raise no_bridge(bridge)
        return bridge

    def attach(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Nothing is made here. Raises as `check`, and invalid or a conflict for an impossible or taken name."""
        del domid, number, privileged
        bridge = self._bridge(vif)
        if vif.vifname:
            check_free(vif.vifname)
        return AttachedVif(vif, mac, ifname=vif.vifname or "", bridge=bridge, notes=_script_notes(vif))

    def detach(self, attached: AttachedVif) -> None:
        """There is nothing to let go of."""


_USER_MODE = "the card gets user-mode networking (the guest reaches out, nothing reaches it)"


def _script_notes(vif: Vif) -> tuple[str, ...]:
    if vif.script is None or vif.script.rsplit("/", 1)[-1] == _BRIDGE_SCRIPT:
        return ()
    return (f"the vif script {vif.script} is not run: the card becomes a port of a bridge",)
