"""Words of `vif` that are ours alone: another tool refuses a card that has one."""

from __future__ import annotations

from dataclasses import replace

from xenia.model.domain import DomainConfig


def without_our_words(config: DomainConfig) -> tuple[DomainConfig, list[str]]:
    """`config` with cards that other tools can read, and what is lost by that."""
    lost = [f"filter={vif.filter} of vif[{vif.item}]: only Xenia knows this word" for vif in config.vifs if vif.filter]
    return replace(config, vifs=tuple(replace(vif, filter=None) for vif in config.vifs)), lost
