"""The scripts of cards, run when a guest gets one and when it loses it, as Xen's tools do.

Nothing is written down: that a domain has such a card tells that its script is to be run at the end, and to run that
once too often does no harm, which Xen's tools count on as well.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from xenia.model.domain import Started
from xenia.model.errors import XeniaError
from xenia.model.vif import USER_MODE, Vif, Way
from xenia.network.interface import EMULATED, exists
from xenia.network.scripts import Scripts, environment_of

log = logging.getLogger(__name__)

_OWN_NAME = re.compile(r"vif(\d+)\.(\d+)")
"""What Xen calls a host's end: the id of the domain, and its own number of the card."""


@dataclass(frozen=True, slots=True)
class CardScripts:
    """`ends` are the host's ends of the cards of `started`, in its order; () where they are not known any more."""

    scripts: Scripts = field(default_factory=lambda: Scripts(()))

    def find(self, vif: Vif, *, trusted: bool) -> None:
        """Raises what speaks against the script of a card, if it has one."""
        if vif.way is Way.SCRIPT:
            self.scripts.find(vif, trusted=trusted)

    async def online(self, started: Started, ends: Sequence[str]) -> None:
        """Raises what Scripts.find and Scripts.run raise."""
        for vif, mac, interface in _cards(started, ends):
            path = self.scripts.find(vif, trusted=started.trusted)
            await self.scripts.run(path, "online", _environment(started, vif, mac, interface))
            emulated = f"{interface}{EMULATED}"
            if exists(emulated):
                await self.scripts.run(path, "add", _environment(started, vif, mac, emulated))

    async def offline(self, started: Started, ends: Sequence[str] = ()) -> None:
        """Raises nothing: an end goes on."""
        for vif, mac, interface in _cards(started, ends):
            try:
                path = self.scripts.find(vif, trusted=started.trusted)
                await self.scripts.run(path, "offline", _environment(started, vif, mac, interface))
            except XeniaError as error:
                log.warning("domain %s: %s", started.config.name, error)


def with_cards(started: Started, numbers: Sequence[int]) -> Started:
    """As if it had only these."""
    cards = zip(started.config.vifs, started.macs, strict=False)
    kept = [(vif, mac) for vif, mac in cards if vif.item in numbers]
    config = replace(started.config, vifs=tuple(vif for vif, _ in kept))
    return replace(started, config=config, macs=tuple(mac for _, mac in kept))


def _cards(started: Started, ends: Sequence[str]) -> Iterator[tuple[Vif, str, str]]:
    """Those with a script, and the host's end of each."""
    vifs = () if started.foreign else started.config.vifs
    for place, (vif, mac) in enumerate(zip(vifs, started.macs, strict=False)):
        known = ends[place] if place < len(ends) else vif.vifname or f"vif{started.domid}.{vif.item}"
        if vif.way is Way.SCRIPT and known != USER_MODE:
            yield vif, mac, known


def _environment(started: Started, vif: Vif, mac: str, end: str) -> dict[str, str]:
    own = _OWN_NAME.fullmatch(end.removesuffix(EMULATED))
    domid, number = (int(own[1]), int(own[2])) if own else (started.domid, vif.item)
    return environment_of(vif, mac, end, domid, number)
