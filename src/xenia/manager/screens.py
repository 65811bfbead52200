"""The screens of domains: seen, typed into, and as pictures."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import cast

from xenia.engines.base import Engine, OpensScreens, ShowsScreens
from xenia.manager.events import EventBus
from xenia.manager.inventory import Inventory
from xenia.manager.table import Table
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.domain import ALIVE
from xenia.model.errors import invalid
from xenia.model.event import EventKind
from xenia.model.operations import OPERATIONS, require
from xenia.screen.wish import Wish

LARGEST_PICTURE = 64 << 20
"""Bytes. A screen of 4K makes less than 32 MiB, however hard it is to compress."""


@dataclass(frozen=True, slots=True)
class Screens:
    engine: Engine
    inventory: Inventory
    turns: Turns
    table: Table
    bus: EventBus

    async def open(self, ref: str, caller: Caller) -> socket.socket:
        """A connection to the screen of a domain, on which RFB is spoken; no password is asked for. Whoever asked has
        it until it is closed. Raises as `Inventory.find`, a conflict for one that does not run, invalid for one without
        a screen or an engine that shows none, engine_failed.
        """
        return await cast(OpensScreens, self.engine).open_screen(self._find("vncviewer", ref, caller))

    async def picture(self, ref: str, caller: Caller) -> bytes:
        """What a screen shows, as PNG. Raises as `open`."""
        uuid = self._find("screenshot", ref, caller)
        with open(os.memfd_create("picture", os.MFD_CLOEXEC), "rb", buffering=0) as picture:
            with open(f"/proc/self/fd/{picture.fileno()}", "wb", buffering=0) as written:
                shown = await cast(ShowsScreens, self.engine).screenshot(uuid, written.fileno())
            if not shown:
                raise invalid("this domain has no screen", "vnc = 1 in its guest file gives it one")
            return picture.read(LARGEST_PICTURE)

    def wish(self, uuid: str) -> Wish | None:
        """What a guest wishes of a door to its screen that its engine does not open; None for one that wishes none, is
        of others, or does not run.
        """
        observed, wish = self.engine.observe(uuid), self._wish(uuid)
        return wish if wish and observed and wish.display.vnc and observed.vnc is None else None

    def rdp_wish(self, uuid: str) -> Wish | None:
        """What a guest wishes of a door to its screen for RDP; None as `wish`."""
        wish = self._wish(uuid)
        return wish if wish and wish.display.rdp else None

    def _wish(self, uuid: str) -> Wish | None:
        entry = self.table.get(uuid)
        if entry is None or entry.state not in ALIVE or entry.started.foreign or self.engine.observe(uuid) is None:
            return None
        return Wish(entry.started.config.name, entry.started.domid, entry.started.config.display)

    def opened(self, uuid: str, place: str) -> None:
        """Its door is at `place` now; "": it is closed."""
        entry = self.table.get(uuid)
        if entry is None or (entry.vnc or "") == place:
            return
        entry.vnc = place or None
        if place:
            self.bus.publish(EventKind.VNC_OPENED, entry.started, place)

    def refused(self, uuid: str, why: str) -> None:
        """It has no door, for this reason."""
        entry = self.table.get(uuid)
        if entry is not None:
            self.bus.publish(EventKind.VNC_REFUSED, entry.started, why)

    def rdp_opened(self, uuid: str, place: str) -> None:
        """As `opened`, for RDP; `place` is `address:port`."""
        entry = self.table.get(uuid)
        if entry is None or (entry.rdp or "") == place:
            return
        entry.rdp = place or None
        if place:
            self.bus.publish(EventKind.RDP_OPENED, entry.started, place)

    def rdp_refused(self, uuid: str, why: str) -> None:
        """As `refused`, for RDP."""
        entry = self.table.get(uuid)
        if entry is not None:
            self.bus.publish(EventKind.RDP_REFUSED, entry.started, why)

    async def open_of(self, uuid: str) -> socket.socket:
        """As `open`, for whoever has come in at its door."""
        return await cast(OpensScreens, self.engine).open_screen(uuid)

    def _find(self, name: str, ref: str, caller: Caller) -> str:
        require(caller.role, OPERATIONS[name])
        domain = self.inventory.find(ref)
        self.turns.permit(name, domain)
        return domain.uuid
