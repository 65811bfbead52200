"""Network cards of a domain that runs: plugging one in, unplugging one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from xenia.lib.codec import to_plain
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.disks import own, refuse
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.model.complaint import Severity
from xenia.model.domain import Kind, Started
from xenia.model.errors import conflict, invalid, not_found
from xenia.model.vif import Vif

_HINT = "for example: bridge=xenbr0 mac=00:16:3e:00:00:01; xm help network-attach says more"


@dataclass(frozen=True, slots=True)
class Vifs:
    """As Disks; `new_mac` makes an address that is none of those it is told."""

    lifecycle: Lifecycle
    read: ReadGuestFile
    new_mac: Callable[[frozenset[str]], str]

    async def attach(self, entry: Entry, spec: str) -> dict[str, Any]:
        """Plug in the card that `spec` is, as an item of `vif = [...]`. Its result is `{"vif": Vif, "notes": [TEXT]}`,
        with the address that it has got.

        Raises invalid for what is no card or cannot be plugged in here, a conflict for an address that the domain has
        already, and what attaching to a bridge raises.
        """
        started = own(entry)
        vif, remarks = await self._read(spec, started.config.kind)
        if vif.mac in started.macs:
            raise conflict(f"domain '{started.config.name}' has a card {vif.mac} already", "leave mac out")
        number = next(free for free in itertools.count() if all(free != other.item for other in started.config.vifs))
        mac = vif.mac or self.new_mac(self._taken())
        vif = replace(vif, item=number, mac=mac)
        refuse(self.lifecycle.engine, replace(started.config, vifs=(*started.config.vifs, vif)))
        notes = await self.lifecycle.attach_vif(entry, vif, mac)
        return {"vif": to_plain(vif), "notes": [*remarks, *notes]}

    async def _read(self, spec: str, kind: Kind) -> tuple[Vif, list[str]]:
        """The card, read as a word of the command line of create would be, and remarks on it. Raises invalid.

        The kernel is there because a domain without one is an error.
        """
        reading = await self.read("", "", ("name=spec", f"type={kind}", "kernel=/kernel", f"vif={spec}"))
        said = [each for each in reading.complaints if each.key.startswith("vif")]
        wrong = next((each for each in said if each.severity is Severity.ERROR), None)
        if wrong is not None:
            raise invalid(f"'{spec}' cannot be used: {wrong.message}", wrong.hint or _HINT)
        vifs = reading.config.vifs if reading.config is not None else ()
        if len(vifs) != 1:
            raise invalid(f"'{spec}' is not one card", _HINT)
        return vifs[0], [each.message for each in said]

    def _taken(self) -> frozenset[str]:
        """Addresses that were decided for a domain, or that one has now."""
        decided = (mac for record in self.lifecycle.records.all() for mac in record.macs)
        present = (mac for entry in self.lifecycle.table for mac in entry.started.macs)
        return frozenset((*decided, *present))

    async def detach(self, entry: Entry, card: str) -> dict[str, Any]:
        """Unplug a card, that is named by its number or its address. Its result is `{"vif": Vif}`.

        Raises not_found, timed_out for a guest that does not let go of it.
        """
        vif = _found(own(entry), card.lower())
        await self.lifecycle.detach_vif(entry, vif.item)
        return {"vif": to_plain(vif)}


def _found(started: Started, card: str) -> Vif:
    """The card, with the address that it has. Raises not_found."""
    cards = [replace(vif, mac=mac) for vif, mac in zip(started.config.vifs, started.macs, strict=True)]
    found = next((vif for vif in cards if card in (str(vif.item), vif.mac)), None)
    if found is None:
        there = ", ".join(f"{vif.item} ({vif.mac})" for vif in cards) or "none"
        raise not_found(f"domain '{started.config.name}' has no card {card}", f"it has: {there}")
    return found
