"""What the network scripts of xend-config.sxp become here."""

from __future__ import annotations

from collections.abc import Mapping

from xenia.model.old_config import Fate
from xenia.network.attach import DEFAULT_BRIDGE
from xenia.settings.kinds import NO_BRIDGE

Meant = Mapping[str, str] | tuple[Fate, str]
"""New texts for settings, by name; or what becomes of it, in words."""

_BY_HAND = "scripts of one's own are not run: make the bridge in /etc/network/interfaces, and name it in default_bridge"

_NETWORKS = {
    "network-nat": "xm network create lan --nat --subnet 10.0.0.0/16",
    "network-route": "xm network create lan --routed --proxy --interface eth0 --subnet SUBNET",
}


def network_script(value: str) -> Meant:
    """`network-bridge netdev=eth1 bridge=br0`: the name of a script, and words for it."""
    script, words = _words(value)
    if script in ("", "network-dummy", "dummy"):
        return {"bridge.interface": NO_BRIDGE}
    if script == "network-bridge":
        return _bridge(words)
    if script in _NETWORKS:
        return Fate.REFUSED, f"not by a script of the host: {_NETWORKS[script]} makes such a network"
    return Fate.REFUSED, f"{script}: {_BY_HAND}"


def _bridge(words: Mapping[str, str]) -> Meant:
    card, bridge = words.get("netdev", ""), words.get("bridge", "")
    if not card and not bridge:
        return (
            Fate.NONE,
            "xend of old put its bridge over the card of the default route, unasked; here the host's network is left "
            "alone until the card is named: xm config settings bridge.interface=eth0",
        )
    meant = {"bridge.interface": card} if card else {}
    # A bridge of the card's own name is how Xen 3.2 and later did it; here the card keeps its name.
    return meant | ({"default_bridge": bridge} if bridge and bridge not in (card, DEFAULT_BRIDGE) else {})


def vif_script(value: str) -> Meant:
    script, words = _words(value)
    if script in ("", "vif-bridge"):
        bridge = words.get("bridge", "")
        return {"default_bridge": bridge} if bridge else (Fate.SAME, "cards become ports of a bridge")
    return Fate.REFUSED, f"not for all cards: vif = ['script={script}'] in the guest file says it of one"


def _words(value: str) -> tuple[str, dict[str, str]]:
    """The script without its folder, and its words."""
    script, *words = value.split() or [""]
    pairs = (word.partition("=") for word in words)
    return script.rsplit("/", 1)[-1], {name: given for name, _, given in pairs}
