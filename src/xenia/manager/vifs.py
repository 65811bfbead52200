"""Network cards of a domain: plugging one in, unplugging one; now and at its next start."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xenia.guestfile.write import vif_item
from xenia.lib.codec import to_plain
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.disks import own, refuse
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.plugging import Plugging
from xenia.manager.scopes import Asked, Kept, Scopes
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.complaint import Severity
from xenia.model.domain import DomainConfig, Kind, Started
from xenia.model.errors import XeniaError, conflict, invalid, not_found
from xenia.model.job import Job
from xenia.model.scope import Scope
from xenia.model.vif import Vif

_HINT = "for example: bridge=xenbr0 mac=00:16:3e:00:00:01; xm help network-attach says more"


@dataclass(frozen=True, slots=True)
class Vifs:
    """As Disks, with `"vif": Vif` in the results; `new_mac` makes an address that is none of those it is told."""

    lifecycle: Lifecycle
    plugging: Plugging
    read: ReadGuestFile
    scopes: Scopes
    new_mac: Callable[[frozenset[str]], str]

    def attach(self, ref: str, spec: str, scope: Scope, caller: Caller, *, until_taken: bool = True) -> Job:
        """Plug in the card that `spec` is, as an item of `vif = [...]`; its address, if none is named, is made. With
        `until_taken`, a guest that is up is to take it, or it is unplugged again.

        Fails with invalid for what is no card or cannot be plugged in here, a conflict for an address that the domain
        has already, timed_out for a guest that ignores it, and what attaching to a bridge raises.
        """

        async def change(asked: Asked) -> dict[str, Any]:
            entry = asked.entry
            started = own(entry) if entry is not None else None
            vif, remarks = await self._read(spec, started.config.kind if started is not None else asked.domain.kind)
            vif = replace(vif, mac=vif.mac or self.new_mac(self._taken()))
            if started is not None:
                vif = _numbered(vif, started)
                refuse(self.lifecycle.engine, replace(started.config, vifs=(*started.config.vifs, vif)))

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                if vif.mac not in self._macs(wanted):
                    return (Change(Action.ADD, "vif", vif_item(vif, wanted.kind)),)
                if entry is None:
                    raise conflict(f"the guest file of '{wanted.name}' has a card {vif.mac} already", "leave mac out")
                return ()

            async def live() -> tuple[str, ...]:
                if entry is None:
                    return ()
                return await self.plugging.attach_vif(entry, vif, vif.mac or "", until_taken=until_taken)

            notes, kept = await asked.change(edits, live)
            return _told(vif, kept, [*remarks, *(notes or ())])

        return self.scopes.start("network-attach", ref, scope, caller, change)

    def configure(self, ref: str, card: str, scope: Scope, caller: Caller, *, linked: bool) -> Job:
        """Change a card, that is named by its number or its address: pull out its cable, or put it in.

        Fails with not_found, and what the engine raises.
        """

        async def change(asked: Asked) -> dict[str, Any]:
            entry = asked.entry
            told = [replace(_found(own(entry), card.lower()), linked=linked)] if entry is not None else []

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                macs = self._macs(wanted)
                if entry is None:
                    place = _place(wanted.name, macs, card.lower())
                    told.append(replace(wanted.vifs[place], mac=macs[place], linked=linked))
                elif told[0].mac in macs:
                    place = macs.index(told[0].mac)
                else:
                    return ()
                return _changed(wanted, place, replace(wanted.vifs[place], linked=linked))

            async def live() -> None:
                if entry is not None:
                    has = next(vif for vif in entry.started.config.vifs if vif.item == told[0].item)
                    await self.plugging.change_vif(entry, replace(has, linked=linked))

            _, kept = await asked.change(edits, live)
            return _told(told[0], kept, [])

        return self.scopes.start("network-configure", ref, scope, caller, change)

    def _macs(self, wanted: DomainConfig) -> list[str | None]:
        """The addresses of the cards of a guest file: those in it, and those that were made for it."""
        record = self.lifecycle.records.by_name(wanted.name)
        made = record.macs if record is not None else ()
        return [vif.mac or mac for vif, mac in itertools.zip_longest(wanted.vifs, made[: len(wanted.vifs)])]

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

    def detach(self, ref: str, card: str, scope: Scope, caller: Caller) -> Job:
        """Unplug a card, that is named by its number or its address.

        Fails with not_found, timed_out for a guest that does not let go of it.
        """

        async def change(asked: Asked) -> dict[str, Any]:
            entry = asked.entry
            gone = [_found(own(entry), card.lower())] if entry is not None else []

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                macs = self._macs(wanted)
                if entry is None:
                    place = _place(wanted.name, macs, card.lower())
                    gone.append(replace(wanted.vifs[place], mac=macs[place]))
                elif gone[0].mac in macs:
                    place = macs.index(gone[0].mac)
                else:
                    return ()
                return (Change(Action.REMOVE, "vif", str(place)),)

            async def live() -> None:
                if entry is not None:
                    await self.plugging.detach_vif(entry, gone[0].item)

            _, kept = await asked.change(edits, live)
            return _told(gone[0], kept, [])

        return self.scopes.start("network-detach", ref, scope, caller, change)


def _changed(wanted: DomainConfig, place: int, vif: Vif) -> Sequence[Change]:
    """What makes the card at that place `vif`. Those behind it stay in their order."""
    if wanted.vifs[place] == vif:
        return ()
    behind = wanted.vifs[place + 1 :]
    gone = [Change(Action.REMOVE, "vif", str(place)) for _ in (vif, *behind)]
    return (*gone, *(Change(Action.ADD, "vif", vif_item(each, wanted.kind)) for each in (vif, *behind)))


def _told(vif: Vif, kept: Kept, notes: Sequence[str]) -> dict[str, Any]:
    return {"vif": to_plain(vif), "file": kept.file, "notes": [*notes, *kept.notes]}


def _numbered(vif: Vif, started: Started) -> Vif:
    """With the lowest number that is free. Raises a conflict for an address that the domain has."""
    if vif.mac in started.macs:
        raise conflict(f"domain '{started.config.name}' has a card {vif.mac} already", "leave mac out")
    numbers = {other.item for other in started.config.vifs}
    return replace(vif, item=next(number for number in itertools.count() if number not in numbers))


def _place(name: str, macs: Sequence[str | None], card: str) -> int:
    """Where a card stands in the guest file of the domain `name`. Raises not_found."""
    for place, mac in enumerate(macs):
        if card in (str(place), mac):
            return place
    raise _no_card(f"the guest file of '{name}'", card, enumerate(macs))


def _no_card(who: str, card: str, there: Iterable[tuple[int, str | None]]) -> XeniaError:
    shown = ", ".join(f"{number} ({mac or 'no address yet'})" for number, mac in there) or "none"
    return not_found(f"{who} has no card {card}", f"it has: {shown}")


def _found(started: Started, card: str) -> Vif:
    """The card, with the address that it has. Raises not_found."""
    cards = [replace(vif, mac=mac) for vif, mac in zip(started.config.vifs, started.macs, strict=True)]
    found = next((vif for vif in cards if card in (str(vif.item), vif.mac)), None)
    if found is None:
        raise _no_card(f"domain '{started.config.name}'", card, ((vif.item, vif.mac) for vif in cards))
    return found
