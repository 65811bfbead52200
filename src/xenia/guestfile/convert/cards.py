"""Words of `vif` that are ours alone: another tool refuses a card that has one."""

from __future__ import annotations

from dataclasses import replace

from xenia.model.domain import DomainConfig


def without_our_words(config: DomainConfig, tool: str) -> tuple[DomainConfig, list[str]]:
    """`config` with cards that `tool` (xm or xl) can read, and what is lost by that."""
    bridges = f"{tool} knows bridges only; name that of the network, bridge=..."
    lost = [f"network={vif.network} of vif[{vif.item}]: {bridges}" for vif in config.vifs if vif.network]
    lost += [f"filter={vif.filter} of vif[{vif.item}]: only Xenia knows this word" for vif in config.vifs if vif.filter]
    return replace(config, vifs=tuple(replace(vif, network=None, filter=None) for vif in config.vifs)), lost
