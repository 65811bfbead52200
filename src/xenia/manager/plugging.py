"""Disks and cards that come and go while their domain runs, and what becomes of those that its guest ignores.

Plugging in is done when the guest has taken the device. One that is up and does not take it within some seconds has no
driver for it, say: then the device is unplugged again, so that an error leaves everything as it was. One that is not up
yet finds the device when it is; that is said, and the device stays. Callers hold the lock of the domain's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from xenia.engines.base import Plugged, Plugs, PlugsCards, PlugsDisks
from xenia.lib.steps import step
from xenia.manager.card_scripts import with_cards
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.model.disk import Disk
from xenia.model.domain import State
from xenia.model.errors import XeniaError, timed_out
from xenia.model.event import EventKind
from xenia.model.vif import Vif
from xenia.network.port import Port

D = TypeVar("D", str, int)

_PAUSED = "the guest is paused: it takes it when it runs on"
_UNSEEN = "the guest has not taken it yet: it does when its system is up and knows such devices"


@dataclass(slots=True)
class Plugging:
    """`seconds` are how long a guest that is up may take for a device: Linux takes some hundredths of one, and a second
    or two where it has to find the driver first.
    """

    lifecycle: Lifecycle
    seconds: float

    async def attach_disk(self, entry: Entry, disk: Disk, *, until_taken: bool) -> tuple[str, ...]:
        """Plug in one more disk; what its author should know about it. It is written down first: a new xend strikes out
        what the engine does not have.

        Raises ResourceError, what PlugsDisks.attach_disk raises, and, with `until_taken`, timed_out for a guest that
        ignores it.
        """
        life = self.lifecycle
        before = entry.started.config
        wanted = replace(entry.started, config=replace(before, disks=(*before.disks, disk)))
        async with life.preparer.open_disk(entry.started, disk) as opened:
            await life.record(entry, config=wanted.config)
            try:
                await cast(PlugsDisks, life.engine).attach_disk(wanted, opened)
            except XeniaError:
                await life.note(entry, config=before)
                raise
        life.bus.publish(EventKind.DISK_ATTACHED, entry.started, disk.target)
        if not until_taken:
            return opened.notes
        return opened.notes + await self._taken(entry, disk.target, disk.target, self.detach_disk)

    async def detach_disk(self, entry: Entry, target: str) -> None:
        """Unplug a disk. Raises what PlugsDisks.detach_disk raises; then it stays."""
        await cast(PlugsDisks, self.lifecycle.engine).detach_disk(entry.started.uuid, target)
        await self.lifecycle.strike_out(entry, {target})

    async def attach_vif(self, entry: Entry, vif: Vif, mac: str, *, until_taken: bool) -> tuple[str, ...]:
        """As `attach_disk`, a card. Raises ResourceError, what PlugsCards.attach_vif raises, and what keeps it from
        being routed or its link from being down; then it is unplugged again.
        """
        life, before = self.lifecycle, entry.started
        cards = sorted([*zip(before.config.vifs, before.macs, strict=True), (vif, mac)], key=lambda card: card[0].item)
        vifs, macs = zip(*cards, strict=True)

        async def guard(interface: str) -> None:
            await life.filter.guard([Port(interface, mac, vif, life.addresses(vif, mac))])
            await life.scripts.online(with_cards(entry.started, [vif.item]), [interface])

        async with life.preparer.attach_vif(before, vif, mac) as attached:
            await life.record(entry, config=replace(before.config, vifs=vifs), macs=macs)
            try:
                await cast(PlugsCards, life.engine).attach_vif(entry.started, attached, guard)
            except XeniaError:
                await life.scripts.offline(with_cards(entry.started, [vif.item]))
                await life.note(entry, config=before.config, macs=before.macs)
                life.filter.sweep()
                raise
        try:
            await life.route_cards()
            if not vif.linked:
                await life.set_link(entry, vif)
        except (XeniaError, OSError):
            with suppress(XeniaError):
                await self.detach_vif(entry, vif.item)
            raise
        life.bus.publish(EventKind.VIF_ATTACHED, entry.started, mac)
        if not until_taken:
            return attached.notes
        return attached.notes + await self._taken(entry, vif.item, f"its card {vif.item}", self.detach_vif)

    async def detach_vif(self, entry: Entry, number: int) -> None:
        """Unplug a card. Raises what PlugsCards.detach_vif raises; then it stays."""
        await cast(PlugsCards, self.lifecycle.engine).detach_vif(entry.started.uuid, number)
        await self.lifecycle.strike_out(entry, {number})

    async def change_vif(self, entry: Entry, vif: Vif) -> None:
        """Make a card that it has what `vif` is: its link. A new xend pulls the cable of one that is not linked, so
        that is written down first, and a link last. Raises what LinksCards.set_link raises, OSError.
        """
        life, before = self.lifecycle, entry.started.config
        changed = replace(before, vifs=tuple(vif if each.item == vif.item else each for each in before.vifs))
        if vif.linked:
            await life.set_link(entry, vif)
            await life.note(entry, config=changed)
        else:
            await life.record(entry, config=changed)
            try:
                await life.set_link(entry, vif)
            except XeniaError:
                await life.note(entry, config=before)
                raise
        life.bus.publish(EventKind.VIF_CHANGED, entry.started, f"{vif.item}: link {'up' if vif.linked else 'down'}")

    async def _taken(
        self, entry: Entry, device: D, what: str, detach: Callable[[Entry, D], Awaitable[None]]
    ) -> tuple[str, ...]:
        """What is to be said of a guest that has not taken a device by now and keeps it. Raises timed_out for one that
        ignores it, and then it has it no longer, or until it lets go of it.
        """
        if entry.state is State.PAUSED:
            return (_PAUSED,)
        step(f"waits for the guest to take {what}")
        try:
            plugged = await cast(Plugs, self.lifecycle.engine).how_taken(entry.started.uuid, device, self.seconds)
        except XeniaError:  # it ends just now
            return ()
        if plugged is not Plugged.IGNORED:
            return () if plugged is Plugged.TAKEN else (_UNSEEN,)
        said = f"the guest is up and has not taken {what} within {self.seconds:g} s"
        hint = "has it a driver for it? To leave it plugged in all the same: --no-wait"
        try:
            await detach(entry, device)
        except XeniaError as error:
            raise timed_out(f"{said}; taking it back failed: {error.message}", hint) from error
        raise timed_out(f"{said}, so it was unplugged again", hint)
