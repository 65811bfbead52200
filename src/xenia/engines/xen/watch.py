"""The watch over the domains: who is there, who comes and goes, and who has ended.

Nothing is polled: xenstore's special watches tell that a domain has come, gone, or shut itself down; the hypervisor is
then asked which one, and how it is.
"""

from __future__ import annotations

import asyncio
import logging
import time

from xenia.engines.base import EngineEvent
from xenia.engines.xen import foreign, places
from xenia.engines.xen.device_model import DeviceModel, pid_of
from xenia.engines.xen.display import has_screen
from xenia.engines.xen.guest import ENDED, Guest
from xenia.engines.xen.hypervisor import DomainInfo, Hypervisor
from xenia.engines.xen.suspended import resume
from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl
from xenia.lib.aio import Tasks
from xenia.model.domain import DomainConfig, EndReason, Kind, State
from xenia.model.errors import XeniaError

log = logging.getLogger(__name__)

_WATCH_AGAIN = 1.0
_MODEL_FIRST = 1.0
_TRANSIENT = "--incoming"
"""libxl's suffix for a domain that is still being received."""


class Watch:
    """`guests` are those that are known, by UUID; `busy` are the UUIDs of domains that are being started or ended: what
    is seen of them is told by who does it. What happens to the others is put into `events`.
    """

    def __init__(self, store: Xenstore, hypervisor: Hypervisor, xl: Xl) -> None:
        self.guests: dict[str, Guest] = {}
        self.busy: set[str] = set()
        self.events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._store = store
        self._hypervisor = hypervisor
        self._xl = xl
        self._appearing: set[str] = set()
        self._changed = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tasks = Tasks()

    def start(self) -> None:
        self._tasks.start(self._watch(), name="watch over the domains")

    async def close(self) -> None:
        """End the watch; the guests run on."""
        await self._tasks.close()

    def forget(self) -> None:
        """Let go of the guests."""
        for guest in self.guests.values():
            guest.close()
        self.guests.clear()

    async def _watch(self) -> None:
        """The special watches fire once at their beginning: that is the first look."""
        for path in ("@introduceDomain", "@releaseDomain"):
            await self._listen_at(path)
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.look()
            except XeniaError as error:
                log.warning("the domains cannot be looked at: %s", error)

    async def _listen_at(self, path: str) -> None:
        while True:
            try:
                await self._store.watch(path, lambda _path: self._changed.set())
                return
            except XeniaError as error:
                log.warning("xenstore cannot be watched: %s", error)
                await asyncio.sleep(_WATCH_AGAIN)

    async def look(self) -> list[DomainInfo]:
        """Ask the hypervisor for all domains, and tell what is new. One look at a time, so that it is told once."""
        async with self._looking:
            domains = await self._hypervisor.domains()
            there = {info.uuid: info for info in domains if info.domid and not info.dying}
            for uuid, guest in tuple(self.guests.items()):
                info = there.get(uuid)
                if uuid in self.busy:
                    continue
                if info is None or info.domid != guest.domid:
                    self._gone(guest)
                elif info.suspended and guest.runs_on:
                    self._tasks.start(self._run_on(guest), name=f"{guest.name} goes on")
                elif guest.look(info):
                    self.events.put_nowait(EngineEvent(uuid, guest.state, guest.end, guest.why))
            for uuid, info in there.items():
                if uuid not in self.guests and uuid not in self.busy | self._appearing:
                    self._appearing.add(uuid)
                    self._tasks.start(self._appeared(info), name=f"a look at domain {info.domid}")
        return domains

    def look_soon(self) -> None:
        """Something has been done of which nothing was told meanwhile."""
        self._changed.set()

    async def _run_on(self, guest: Guest) -> None:
        try:
            await resume(guest, self._hypervisor, self._store)
        except XeniaError as error:
            log.warning("domain %s was to be saved, and does not go on: %s", guest.name, error)

    def _gone(self, guest: Guest) -> None:
        del self.guests[guest.uuid]
        guest.close()
        end = guest.end if guest.state in ENDED else EndReason.CRASH
        detail = "" if guest.state in ENDED else "it was ended from outside of xend"
        self.events.put_nowait(EngineEvent(guest.uuid, State.DYING, end, detail))

    async def _appeared(self, info: DomainInfo) -> None:
        """Somebody else has started a domain, or is about to. It may be gone again when all is known of it: so another
        look follows.
        """
        try:
            guest = await self._get_to_know(info)
        except XeniaError as error:
            log.warning("domain %d of somebody else is not shown: %s", info.domid, error)
            return
        finally:
            self._appearing.discard(info.uuid)
        if guest is not None and guest.uuid not in self.busy | self.guests.keys():
            self.guests[guest.uuid] = guest
            self.events.put_nowait(EngineEvent(guest.uuid, guest.state, guest.end, found=guest.found))
            self._changed.set()

    async def _get_to_know(self, info: DomainInfo) -> Guest | None:
        """None while it is still built, or received, and has no name of its own: the event that it is introduced, or
        the next look, finds it then.
        """
        name = await self._store.read(f"/local/domain/{info.domid}/name")
        if not name or name.endswith(_TRANSIENT):
            return None
        started_at = await places.start_time(self._store, info.uuid) or time.time()
        found = await foreign.describe(info.domid, info.uuid, name, started_at, self._xl)
        guest = Guest(info.uuid, info.domid, name, found.config.kind, info.state, info.end, info.why, found=found)
        guest.has_screen = has_screen(found.config)
        await self._locate(guest, serial=found.config.kind is Kind.HVM and found.config.platform.serial[:1] == ("pty",))
        return guest

    async def guest(self, info: DomainInfo, config: DomainConfig) -> Guest:
        """A domain of ours as it is now; its device model is watched from here on."""
        guest = Guest(info.uuid, info.domid, config.name, config.kind, info.state, info.end, info.why)
        guest.has_screen = has_screen(config)
        await self._locate(guest, serial=config.kind is Kind.HVM)
        return guest

    async def _locate(self, guest: Guest, *, serial: bool) -> None:
        guest.consoles = await places.consoles(self._store, guest.domid, serial=serial)
        guest.vnc = await places.vnc(self._store, guest.domid)
        guest.vifs = await places.vifs(self._store, guest.domid)
        pid = await pid_of(self._store, guest.domid)
        if pid is None or guest.state in ENDED:
            return
        try:
            guest.model = DeviceModel(pid, lambda: self._on_model_end(guest))
        except ProcessLookupError:
            self._on_model_end(guest)

    def _on_model_end(self, guest: Guest) -> None:
        self._tasks.start(self._lost_model(guest), name=f"the device model of {guest.name}")

    async def _lost_model(self, guest: Guest) -> None:
        """Whoever ends a domain ends its device model first, so a moment later it is known which of the two this is. A
        guest without it waits for its devices for ever: its CPUs are stopped.
        """
        await asyncio.sleep(_MODEL_FIRST)
        await self.look()
        known = self.guests.get(guest.uuid) is guest and guest.uuid not in self.busy
        if not known or guest.state in (*ENDED, State.DYING):
            return
        guest.lose_model()
        try:
            if not await self.is_paused(guest):
                await self._hypervisor.pause(guest.domid)
        except XeniaError as error:
            log.warning("domain %s has lost its device model and cannot be paused: %s", guest.name, error)
        self.events.put_nowait(EngineEvent(guest.uuid, guest.state, guest.end, guest.why))

    async def is_paused(self, guest: Guest) -> bool:
        """Asked anew, since Xen counts how often a domain was paused, and wants as many unpauses."""
        domains = await self._hypervisor.domains()
        return any(info.domid == guest.domid and info.paused for info in domains)
