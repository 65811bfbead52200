"""Words of `vif` that another tool does not know, and refuses a card for."""

from __future__ import annotations

from dataclasses import replace

from xenia.model.domain import DomainConfig


def without_our_words(config: DomainConfig, tool: str) -> tuple[DomainConfig, list[str]]:
    """`config` with cards that `tool` (xm or xl) can read, and what is lost by that."""
    bridges = f"{tool} knows bridges only; name that of the network, bridge=..."
    lost = [f"network={vif.network} of vif[{vif.item}]: {bridges}" for vif in config.vifs if vif.network]
    lost += [f"filter={vif.filter} of vif[{vif.item}]: only Xenia knows this word" for vif in config.vifs if vif.filter]
    lost += [
        f"gateway={vif.gateway} of vif[{vif.item}]: {tool} has no word for it" for vif in config.vifs if vif.gateway
    ]
    if tool == "xm":
        named = [vif for vif in config.vifs if vif.gatewaydev]
        lost += [f"gatewaydev={vif.gatewaydev} of vif[{vif.item}]: xm has no word for it" for vif in named]
    tagged = [vif for vif in config.vifs if vif.vlan]
    lost += [f"vlan={vif.vlan} of vif[{vif.item}]: {tool} does not know this word" for vif in tagged]
    lost += [f"link=down of vif[{vif.item}]: only Xenia knows this word" for vif in config.vifs if not vif.linked]
    cards = [replace(vif, network=None, filter=None, gateway=None, vlan=None, linked=True) for vif in config.vifs]
    if tool == "xm":
        cards = [replace(vif, gatewaydev=None) for vif in cards]
    return replace(config, vifs=tuple(cards)), lost
