"""A card of one guest and what it is attached to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import USER_MODE, Vif, Way
from xenia.model.vlan import Vlans
from xenia.network.bridge import find
from xenia.network.interface import check_free
from xenia.network.tap import open_tap, plug, set_alone

DEFAULT_BRIDGE = "xenbr0"


@dataclass(frozen=True, slots=True)
class AttachedVif:
    """`mac` is decided. `tap` is the descriptor of a tap device named `ifname` that is a port of `bridge`; None where
    it is routed, or a script connects it. No tap means user-mode networking.

    An engine that makes interfaces itself gets a bridge without a tap, and none for such a card. `notes` say what is
    not as the guest file has it. `vlans` None leaves it to the bridge.
    """

    vif: Vif
    mac: str
    tap: int | None = None
    ifname: str = USER_MODE
    bridge: str | None = None
    notes: tuple[str, ...] = ()
    vlans: Vlans | None = None


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
        if privileged and vif.is_port and vif.bridge:
            find(vif.bridge, vif.vlan)

    def attach(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Attach one card: number `number` (from 0) of the domain `domid`, which is `vifDOMID.NUMBER` on the host.

        It goes to the bridge it names, which must be there; one that names none to the default bridge, or where that is
        not there to user-mode networking. One that is routed, or that a script connects, is a port of nothing. Without
        privileges every card gets user-mode networking. The descriptor belongs to the caller, who ends with `detach`.

        Raises not_found or conflict for a bridge that is none, invalid for an impossible and conflict for a taken
        interface name, denied or unavailable where the host refuses; then nothing is left.
        """
        notes = _script_notes(vif)
        if not privileged:
            wished = f"network {vif.network}" if vif.network else vif.bridge and f"bridge {vif.bridge}"
            wished = wished if vif.way is Way.BRIDGE else f"script={vif.script}"
            wish = f"{wished} needs root: " if wished else ""
            return AttachedVif(vif, mac, notes=(f"{wish}{_USER_MODE}", *notes))
        bridge, vlans = None, None
        if vif.is_port:
            try:
                bridge, vlans = find(vif.bridge or self._default, vif.vlan)
            except XeniaError as error:
                if vif.bridge or vif.vlan or error.kind is not ErrorKind.NOT_FOUND:
                    raise
                note = f"there is no bridge {self._default} on this host: {_USER_MODE}"
                return AttachedVif(vif, mac, notes=(note, *notes))
        name = vif.vifname or f"vif{domid}.{number}"
        tap = open_tap(name)
        try:
            set_alone(name) if bridge is None else plug(name, bridge, vlans)
        except BaseException:
            os.close(tap)
            raise
        return AttachedVif(vif, mac, tap, name, bridge, notes, vlans)

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

    def _bridge(self, vif: Vif) -> tuple[str | None, Vlans | None]:
        return find(vif.bridge or self._default, vif.vlan) if vif.is_port else (None, None)

    def attach(self, vif: Vif, domid: int, number: int, mac: str, *, privileged: bool) -> AttachedVif:
        """Nothing is made here. Raises as `check`, and invalid or a conflict for an impossible or taken name."""
        del domid, number, privileged
        bridge, vlans = self._bridge(vif)
        if vif.vifname:
            check_free(vif.vifname)
        return AttachedVif(vif, mac, ifname=vif.vifname or "", bridge=bridge, notes=_script_notes(vif), vlans=vlans)

    def detach(self, attached: AttachedVif) -> None:
        """There is nothing to let go of."""


_USER_MODE = "the card gets user-mode networking (the guest reaches out, nothing reaches it)"


def _script_notes(vif: Vif) -> tuple[str, ...]:
    if vif.way is Way.ROUTE:
        return (f"bridge={vif.bridge} has no effect: script={vif.script} routes",) if vif.bridge else ()
    if vif.way is Way.NAT and vif.bridge:
        return (f"script={vif.script} has no effect: the card is on the bridge {vif.bridge}",)
    return ()
