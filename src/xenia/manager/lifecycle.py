"""Starting, changing and ending a domain, in steps that can be cut off anywhere.

Each step is written down before it is taken, so that reconcile knows what to do when xend dies in between: a start is
rolled back until it is promised (phase `running`), a restart is begun again, an end is finished. Callers hold the
lock of the domain's name.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import uuid4

from xenia.engines.base import ChangesMedia, Engine, HoldsGuests, LinksCards, Observed, SaveSource
from xenia.lib.steps import step
from xenia.manager.card_scripts import CardScripts, with_cards
from xenia.manager.devices import Device, absent, without_devices
from xenia.manager.events import EventBus
from xenia.manager.ports import AddressesOf, nothing_known, nothing_routed, ports_of
from xenia.manager.prepare import Preparer
from xenia.manager.table import Entry, Table
from xenia.model.agent import ShutdownMode
from xenia.model.disk import Disk, DiskSource
from xenia.model.domain import (
    UNNUMBERED,
    Definition,
    DomainConfig,
    DomainRecord,
    Ending,
    EndReason,
    Intent,
    Phase,
    Started,
    State,
)
from xenia.model.errors import XeniaError, conflict
from xenia.model.event import EventKind
from xenia.model.host import Capability
from xenia.model.vif import Vif
from xenia.network.filter import PortFilter
from xenia.network.port import Port
from xenia.storage.open import OpenedDisk
from xenia.store.records import Records
from xenia.store.runs import Runs

log = logging.getLogger(__name__)


async def _nothing_to_give(size: int) -> None:
    del size


@dataclass(slots=True)
class Room:
    """Who gives back memory of the host, in bytes, that a domain is about to need: as much as there is to give."""

    make: Callable[[int], Awaitable[None]] = _nothing_to_give


@dataclass(frozen=True, slots=True)
class Lifecycle:
    engine: Engine
    preparer: Preparer
    runs: Runs
    records: Records
    table: Table
    bus: EventBus
    clock: Callable[[], float]
    filter: PortFilter
    addresses: AddressesOf = nothing_known
    route_cards: Callable[[], Awaitable[None]] = nothing_routed
    """Makes the host route to the cards that are to be routed. Raises XeniaError, OSError."""
    scripts: CardScripts = field(default_factory=CardScripts)
    room: Room = field(default_factory=Room)

    async def new_domid(self) -> int:
        """The id of a domain that is about to start."""
        return UNNUMBERED if self.engine.assigns_ids else await self.runs.new_domid()

    async def create(self, started: Started, record: DomainRecord, save: SaveSource | None = None) -> Entry:
        """Start a domain that does not exist; its CPUs run unless `started.paused`. It boots, or goes on from `save`.

        Whatever fails, nothing is left of it. Raises a conflict for a taken name or UUID and while the host is being
        stopped, ResourceError, engine_failed, OSError.
        """
        if self.table.closed:
            raise conflict(self.table.closed, "xm autostart shows how far it is")
        record = replace(record, generation=record.generation or str(uuid4()))
        started = replace(started, generation=record.generation)
        entry = Entry(started, State.STARTING)
        async with AsyncExitStack() as undo:
            self.table.add(entry)
            undo.callback(self.table.remove, started.uuid)
            undo.push_async_callback(self.runs.remove, started.uuid)
            await self.runs.save(started)
            await self._launch(entry, record, save)
            undo.pop_all()
        self.bus.publish(EventKind.STARTED if save is None else EventKind.RESTORED, entry.started)
        await self._run(entry)
        return entry

    async def hold(self, started: Started, save: SaveSource) -> Entry:
        """Have a guest go on from `save`, its CPUs stopped, without there being a domain: `take` makes it one,
        `give_up` ends it. Raises as `create`, and then nothing is left of it.
        """
        if self.table.closed:
            raise conflict(self.table.closed, "xm autostart shows how far it is")
        entry = Entry(replace(started, phase=Phase.WARM, generation=str(uuid4())), State.PAUSED)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.runs.remove, started.uuid)
            await self.runs.save(entry.started)
            async with self._launched(entry, save):
                undo.pop_all()
        return entry

    async def take(self, entry: Entry, started: Started, record: DomainRecord) -> None:
        """Make one that is held the domain `started`, and let it run unless that is paused. Raises as `create`, and
        then nothing is left of it.
        """
        uuid = started.uuid
        observed = self.engine.observe(uuid)
        vifs = observed.vifs if observed is not None else ()
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._end_held, uuid)
            if self.table.closed:
                raise conflict(self.table.closed, "xm autostart shows how far it is")
            entry.started = started
            self.table.add(entry)
            undo.callback(self.table.remove, uuid)
            await self.engine.rename(uuid, started.config.name)
            await self._promise(entry, started, vifs, replace(record, generation=started.generation))
            undo.pop_all()
        self.bus.publish(EventKind.RESTORED, entry.started)
        await self._run(entry)

    async def give_up(self, entry: Entry) -> None:
        """End one that is held, and leave nothing of it. Raises engine_failed, OSError."""
        await self._end_held(entry.started.uuid)
        cast(HoldsGuests, self.engine).forget_logs(entry.started.config.name)

    async def _end_held(self, uuid: str) -> None:
        await self.engine.destroy(uuid)
        self.filter.sweep()
        await self.runs.remove(uuid)

    async def guard_all(self) -> None:
        """Guard the cards of all domains anew, for a xend that has just come up."""
        await self.filter.restore(self._guarded())

    async def renew_guard(self) -> None:
        """Something else may be known of the addresses of cards. Raises as PortFilter.guard."""
        await self.filter.renew(self._guarded())

    def _guarded(self) -> list[Port]:
        """All but those of domains that are others'."""
        return [port for entry in self.table if not entry.started.foreign for port in self._ports(entry)]

    def _ports(self, entry: Entry) -> list[Port]:
        observed = self.engine.observe(entry.started.uuid)
        return ports_of(entry.started, observed.vifs if observed is not None else (), self.addresses)

    async def guard(self, entry: Entry) -> None:
        """Guard the cards of one that others have started. Raises as PortFilter.guard."""
        await self.filter.guard(self._ports(entry))

    async def restart(self, entry: Entry, detail: str, restarts: tuple[float, ...] = ()) -> None:
        """Start a domain over as it was started, under a new id; if that fails it ends. `restarts` are those that the
        brake counts from now on.
        """
        await self.begin_restart(entry, restarts)
        await self.finish_restart(entry, detail)

    async def finish_restart(self, entry: Entry, detail: str, *, spare: Entry | None = None) -> None:
        """What follows `begin_restart`; `spare` is another domain, which is ended where there is no room for both."""
        await self.engine.destroy(entry.started.uuid)
        self.filter.sweep()
        try:
            await self._launch(entry, None)
        except (XeniaError, OSError) as error:
            log.error("domain %s cannot be started again: %s", entry.started.config.name, error)
            if spare is not None:
                await self.end(spare, EventKind.ENDED, f"{entry.started.config.name} could not be started beside it")
                await self.finish_restart(entry, detail)
                return
            await self.end(entry, EventKind.ENDED, f"cannot be started again: {error}", remembered=True)
            return
        await self._run(entry)
        self.bus.publish(EventKind.REBOOTED, entry.started, detail)

    async def begin_restart(self, entry: Entry, restarts: tuple[float, ...] = ()) -> None:
        """From here on a new xend would start the domain over."""
        await self.disconnect(entry)
        domid, now = await self.new_domid(), self.clock()
        await self.note(
            entry,
            domid=domid,
            phase=Phase.RESTARTING,
            intent=Intent.NONE,
            end=None,
            why="",
            restart_at=None,
            restarts=restarts,
            paused=False,
            frozen=False,
            started_at=now,
        )
        entry.state = State.STARTING

    async def start_over(self, entry: Entry, detail: str) -> None:
        """Start a guest over that is still there: in place where the engine can, so that it keeps its id.

        Where a boot loader is to find what its guest has installed meanwhile, all is begun anew.
        """
        anew = entry.started.config.boot.bootloader is not None
        if anew or Capability.RESET not in self.engine.capabilities:
            await self.restart(entry, detail)
            return
        await self.note(
            entry,
            phase=Phase.RESTARTING,
            intent=Intent.NONE,
            end=None,
            why="",
            restart_at=None,
            restarts=(),
            paused=False,
            frozen=False,
        )
        await self.engine.reset(entry.started.uuid)
        await self.note(entry, phase=Phase.RUNNING)
        entry.state = State.RUNNING
        self.bus.publish(EventKind.REBOOTED, entry.started, detail)

    async def _launch(self, entry: Entry, record: DomainRecord | None, save: SaveSource | None = None) -> None:
        """From written down to promised: the guest is there, paused, and will be found again."""
        await self.room.make(entry.started.config.memory << 20)
        async with self._launched(entry, save) as observed:
            domid = entry.started.domid if observed.domid is None else observed.domid
            await self._promise(entry, replace(entry.started, domid=domid), observed.vifs, record)

    @asynccontextmanager
    async def _launched(self, entry: Entry, save: SaveSource | None) -> AsyncIterator[Observed]:
        """The guest is there, paused and guarded, its cables pulled out where they are to be. Where what is done in the
        context fails, nothing of it is left.
        """
        async with self.preparer.prepare(entry.started) as resources:
            entry.notes = resources.notes()
            for key, note in entry.notes:
                step(f"{key}: {note}")
            observed = await self.engine.start(entry.started, replace(resources, save=save))
        try:
            await self.filter.guard(ports_of(entry.started, observed.vifs, self.addresses))
            await self._pull_cables(entry)
            yield observed
        except BaseException:
            await self.engine.destroy(entry.started.uuid)
            self.filter.sweep()
            raise

    async def _promise(self, entry: Entry, started: Started, vifs: Sequence[str], record: DomainRecord | None) -> None:
        """From here on the guest is the domain `started`, whatever becomes of xend. `vifs` are the host's ends of its
        cards.
        """
        try:
            await self.route_cards()
            await self.scripts.online(started, vifs)
            if record is not None:
                await self.records.save(record)
            await self._set(entry, phase=Phase.RUNNING, domid=started.domid)
        except BaseException:
            await self.scripts.offline(started, vifs)
            raise
        entry.state = State.PAUSED

    async def disconnect(self, entry: Entry) -> None:
        """Have the scripts of its cards take back what they have done: the guest ends, or has ended. Raises nothing."""
        observed = self.engine.observe(entry.started.uuid)
        await self.scripts.offline(entry.started, observed.vifs if observed is not None else ())

    async def _pull_cables(self, entry: Entry) -> None:
        """Of the cards that are not linked."""
        for vif in entry.started.config.vifs:
            if not vif.linked:
                await self.set_link(entry, vif)

    async def set_link(self, entry: Entry, vif: Vif) -> None:
        """Raises what LinksCards.set_link raises."""
        await cast(LinksCards, self.engine).set_link(entry.started.uuid, vif.item, up=vif.linked)

    async def _run(self, entry: Entry) -> None:
        if entry.started.paused:
            return
        try:
            await self.engine.unpause(entry.started.uuid)
        except XeniaError as error:
            await self.end(entry, EventKind.ENDED, f"cannot run: {error}")
            raise
        entry.state = State.RUNNING

    async def pause(self, entry: Entry) -> None:
        await self._change(entry, self.engine.pause, State.PAUSED)
        self.bus.publish(EventKind.PAUSED, entry.started)

    async def unpause(self, entry: Entry) -> None:
        await self._change(entry, self.engine.unpause, State.RUNNING)
        self.bus.publish(EventKind.RESUMED, entry.started)

    async def _change(self, entry: Entry, change: Callable[[str], Awaitable[None]], state: State) -> None:
        """Written down first, so that a new xend finishes it; written back when the engine refuses."""
        before = entry.started.paused
        await self._set(entry, paused=state is State.PAUSED)
        try:
            await change(entry.started.uuid)
        except XeniaError:
            await self._set(entry, paused=before)
            raise
        entry.state = state

    async def rename(self, entry: Entry, name: str, definition: Definition) -> None:
        """Give a domain that exists another name; where that fails it keeps the old one."""
        before = entry.started
        await self._set(entry, config=replace(before.config, name=name), definition=definition)
        try:
            await self.engine.rename(before.uuid, name)
        except XeniaError:
            await self.note(entry, config=before.config, definition=before.definition)
            raise
        self.bus.publish(EventKind.RENAMED, entry.started, f"it was {before.config.name}")

    async def ask(self, entry: Entry, intent: Intent, mode: ShutdownMode = ShutdownMode.AUTO) -> ShutdownMode:
        """Ask the guest to power itself off, for good (SHUTDOWN, STOP) or to be started over (REBOOT); how it was
        asked.
        """
        await self._set(entry, intent=intent)
        asked = await self.engine.shutdown(entry.started.uuid, reboot=intent is Intent.REBOOT, mode=mode)
        self.bus.publish(EventKind.SHUTTING_DOWN, entry.started, f"{intent.value}, asked by {asked.value}")
        return asked

    async def strike_out(self, entry: Entry, gone: Set[Device]) -> None:
        """Forget devices that the guest has no longer."""
        left, told = without_devices(entry.started, gone)
        if told:
            cards = with_cards(entry.started, [each for each in gone if isinstance(each, int)])
            await self.note(entry, config=left.config, macs=left.macs)
            await self.scripts.offline(cards)
            self.filter.sweep()
        for kind, device in told:
            self.bus.publish(kind, entry.started, device)

    async def record(self, entry: Entry, **changes: Any) -> None:
        """Write down what is about to be done. Raises OSError, and then nothing has changed."""
        await self._set(entry, **changes)

    async def change_medium(self, entry: Entry, disk: Disk, *, force: bool) -> tuple[str, ...]:
        """Make a CD-ROM drive what `disk` is, with a medium or without; what its author should know about it.

        Until it is done the drive is written down as empty: a new xend empties one that is not. Raises ResourceError,
        and what ChangesMedia.change_medium raises.
        """
        uuid, before = entry.started.uuid, entry.started.config
        async with self.preparer.open_disk(entry.started, disk) as opened:
            await self._set(entry, config=_with_drive(before, disk.empty))
            try:
                await cast(ChangesMedia, self.engine).change_medium(uuid, opened, force=force)
            except XeniaError:
                now = self.engine.observe(uuid)
                if now is not None and now.media is not None and now.media.get(disk.target):
                    await self.note(entry, config=before)
                raise
            await self.note(entry, config=_with_drive(before, disk))
        self.bus.publish(EventKind.MEDIUM_CHANGED, entry.started, disk.target)
        return opened.notes

    async def settle_devices(self, entry: Entry, observed: Observed) -> None:
        """Make what is written down of the devices and what the engine has agree, after an xend has died in between."""
        await self.strike_out(entry, absent(entry.started, observed))
        await self._pull_cables(entry)
        media = observed.media or {}
        for disk in entry.started.config.disks:
            if disk.target not in media or media[disk.target] == (disk.source is not DiskSource.EMPTY):
                continue
            if media[disk.target]:
                await cast(ChangesMedia, self.engine).change_medium(observed.uuid, OpenedDisk(disk), force=True)
            else:
                await self.note(entry, config=_with_drive(entry.started.config, disk.empty))

    async def keep(self, entry: Entry, reason: EndReason, why: str, *, restart_at: float | None = None) -> None:
        """Keep what there is of a guest that has ended: to be looked at, or until it is started over."""
        await self.note(entry, end=reason, why=why, restart_at=restart_at, intent=Intent.NONE, frozen=False)
        entry.state = state_at_end(reason)
        kind = EventKind.CRASHED if reason is EndReason.CRASH else EventKind.ENDED
        then = "preserved" if restart_at is None else f"started again in {restart_at - self.clock():.0f} s"
        self.bus.publish(kind, entry.started, f"{why}; {then}" if why else then)

    async def end(self, entry: Entry, kind: EventKind, detail: str = "", *, remembered: bool = False) -> None:
        """Destroy a domain and forget that it ran, or remember why it does no more."""
        if remembered:
            await self._remember(entry.started.uuid, Ending(self.clock(), detail))
        entry.state = State.DYING
        uuid = entry.started.uuid
        await self.note(entry, phase=Phase.ENDING)
        await self.disconnect(entry)
        await self.engine.destroy(uuid)
        self.filter.sweep()
        if not entry.started.foreign:
            await self.runs.remove(uuid)
        self.table.remove(uuid)
        self.bus.publish(kind, entry.started, detail)

    async def _remember(self, uuid: str, ending: Ending) -> None:
        record = self.records.by_uuid(uuid)
        if record is None:
            return
        try:
            await self.records.save(replace(record, ending=ending))
        except OSError as error:
            log.error("that domain %s has ended cannot be remembered: %s", record.name, error)

    async def note(self, entry: Entry, **changes: Any) -> None:
        """Write down what has happened, or must happen whatever the disk says; remember it all the same."""
        try:
            await self._set(entry, **changes)
        except OSError as error:
            log.error("the state of domain %s cannot be written: %s", entry.started.config.name, error)
            entry.started = replace(entry.started, **changes)

    async def _set(self, entry: Entry, **changes: Any) -> None:
        """Write down, then remember. Raises OSError, and then neither has changed."""
        started = replace(entry.started, **changes)
        if not started.foreign:
            await self.runs.save(started)
        entry.started = started


def state_at_end(reason: EndReason) -> State:
    """Where a guest is that is kept after its end."""
    return State.CRASHED if reason is EndReason.CRASH else State.SHUTDOWN


def _with_drive(config: DomainConfig, drive: Disk) -> DomainConfig:
    """With `drive` in the place of the disk of its target."""
    return replace(config, disks=tuple(drive if disk.target == drive.target else disk for disk in config.disks))
