"""Warm clones: guests that have gone on from a snapshot with memory as far as they can without a name, for those who
are about to clone it.

They are no domains: nobody has been promised them. How many there are to be stands with the snapshot; what there is
lasts no longer than xend. Their images are written down as discarded all the time, and their phase is one that
reconcile ends: so whatever xend dies in, nothing of them is left when the next one is up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from xenia.engines.base import EngineEvent, HoldsGuests
from xenia.lib.aio import Tasks
from xenia.manager.cloning.identity import config_of, silent
from xenia.manager.definitions import Definitions
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.saves import Saves
from xenia.manager.snapshots.making import KeepsOverlays
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tree import by_id, discarding
from xenia.manager.table import Entry
from xenia.model.disk import DiskFormat
from xenia.model.domain import Definition, Started, State
from xenia.model.errors import XeniaError, unavailable
from xenia.model.event import EventKind
from xenia.model.snapshot import Snapshot, Warm
from xenia.store.snapshots import SnapshotTrees
from xenia.store.variables import UefiVariables

log = logging.getLogger(__name__)

MOST = 100
"""Clones of one snapshot that may be held ready."""

_CALM = 0.5
"""Seconds in which none was taken, before another is made: that is not to be in the way of those who clone several in a
row. It does not wait for ever, for there are no more to take than there are.
"""

_ENOUGH = 2
"""One is made while the host could give so many times the memory of its guest."""

_ENDS = frozenset({EventKind.ENDED, EventKind.CRASHED})


@dataclass(frozen=True, slots=True)
class WarmClone:
    """One that is ready: `source` is the UUID of the domain whose `snapshot` (its id) it has gone on from, `folder`
    where relative paths in the guest file of that domain begin; `images` are its own, by target.
    """

    entry: Entry
    source: str
    snapshot: str
    folder: str
    images: Mapping[str, str]

    @property
    def uuid(self) -> str:
        return self.entry.started.uuid


Wish = tuple[str, str]
"""The UUID of a domain, and the id of its snapshot."""


@dataclass(frozen=True, slots=True)
class _Making:
    """What is being made: its images are nobody's to sweep."""

    wish: Wish
    task: asyncio.Task[None]
    images: Mapping[str, str]


@dataclass(slots=True)
class WarmClones:
    """`run` makes what is missing, in the background and one at a time. `available` tells how many bytes the host could
    give.
    """

    lifecycle: Lifecycle
    saves: Saves
    definitions: Definitions
    locks: NameLocks
    trees: SnapshotTrees
    images: KeepsOverlays
    variables: UefiVariables
    sweeping: Sweeping
    new_id: Callable[[], str]
    new_uuid: Callable[[], str]
    new_mac: Callable[[frozenset[str]], str]
    available: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    enabled: bool = True
    _ready: dict[str, WarmClone] = field(default_factory=dict)
    _making: _Making | None = None
    _problems: dict[Wish, str] = field(default_factory=dict)
    """Why the last one could not be made: it is tried again when something has changed."""
    _unswept: set[str] = field(default_factory=set)
    """The domains whose trees name images of those that are no more."""
    _taken: dict[str, set[str]] = field(default_factory=dict)
    """By domain, images of clones that have come of some: they are struck out of its tree later, when nobody waits."""
    _stirred: bool = False
    """Whether one was taken since somebody looked."""
    _pushed_out: bool = False
    """Until a domain ends."""
    _waiting: asyncio.Task[None] | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever ends some also waits for those that others are ending."""
    _tasks: Tasks = field(default_factory=Tasks)

    @property
    def started(self) -> tuple[Started, ...]:
        """The as-started configurations of those that are ready."""
        return tuple(each.entry.started for each in self._ready.values())

    @property
    def paths(self) -> frozenset[str]:
        """Images that are written down as discarded and are not to be touched: of those that are ready, of the one that
        is being made, and of clones that have just come of some.
        """
        ready = (path for each in self._ready.values() for path in each.images.values())
        making = self._making.images.values() if self._making is not None else ()
        return frozenset((*ready, *making, *(path for paths in self._taken.values() for path in paths)))

    def shown(self, source: str, snapshot: Snapshot) -> Warm:
        """What there is for a snapshot of the domain with the UUID `source`. The memory that all of them share counts
        as theirs.
        """
        ready = [each for each in self._ready.values() if each.snapshot == snapshot.id]
        if not snapshot.warm and not ready:
            return Warm()
        engine = cast(HoldsGuests, self.lifecycle.engine)
        memory = sum(engine.own_memory(each.uuid) for each in ready) + self.saves.files.mapped_size(snapshot.save_id)
        problem = self._problems.get((source, snapshot.id), "")
        if not self.enabled:
            problem = "the setting warm_clones is off"
        elif self._pushed_out:
            problem = "the host's memory was needed by domains: they come again when one ends"
        return Warm(snapshot.warm, len(ready), memory, problem if len(ready) < snapshot.warm else "")

    def total(self) -> Warm:
        """All there is on this host."""
        shown = [self.shown(tree.uuid, each) for tree in self.trees.all() for each in tree.snapshots]
        return Warm(
            sum(each.wanted for each in shown), sum(each.ready for each in shown), sum(each.memory for each in shown)
        )

    def take(self, source: str, snapshot: Snapshot, folder: str) -> WarmClone | None:
        """One for the caller, who has the turn of the source: he makes a domain of it, or gives it back to `give_up`.
        None where there is none whose relative paths begin in `folder`.
        """
        for each in self._ready.values():
            observed = self.lifecycle.engine.observe(each.uuid)
            fits = (each.source, each.snapshot, each.folder) == (source, snapshot.id, folder)
            if fits and observed is not None and observed.state is State.PAUSED:
                del self._ready[each.uuid]
                self._stirred = True
                return each
        return None

    def has_become(self, clone: WarmClone, images: Collection[str]) -> None:
        """A domain has come of one that was taken; its images are these now."""
        self._taken.setdefault(clone.source, set()).update(clone.images.values(), images)

    def refill(self) -> None:
        """Look what is missing, and what is too much: something has changed."""
        self._problems.clear()
        self._wake.set()

    async def give_up(self, clone: WarmClone) -> None:
        """End one that was taken. Raises nothing."""
        try:
            await self.lifecycle.give_up(clone.entry)
            await self.variables.put(clone.uuid, "")
        except (XeniaError, OSError) as error:
            log.error("the warm clone %s is not ended: %s", clone.entry.started.config.name, error)
        self._unswept.add(clone.source)
        self._wake.set()

    async def end(self, source: str = "") -> None:
        """End those of a domain, or all, also what is being made. They come again where they are still wanted."""
        making = self._making
        if making is not None and source in ("", making.wish[0]):
            making.task.cancel()
            await asyncio.wait({making.task})
            self._making = None  # from here on its images may be swept
        await self._end(lambda each: source in ("", each.source))

    async def _end(self, chosen: Callable[[WarmClone], bool]) -> None:
        async with self._turn:
            for each in tuple(self._ready.values()):
                if chosen(each) and self._ready.pop(each.uuid, None) is not None:
                    await self.give_up(each)

    async def make_room(self, size: int) -> None:
        """A domain is about to need so many bytes: what is ready goes, the oldest first, where the host is short."""

        def goes(clone: WarmClone) -> bool:
            if self.available() >= size:
                return False
            log.warning("the host is short of memory: %s, a warm clone, goes", clone.entry.started.config.name)
            self._pushed_out = True
            self._look_again_later()
            return True

        await self._end(goes)
        self._keep_mapped()

    def has_ended(self, event: EngineEvent) -> bool:
        """Whether an event tells of one of these. One whose process is gone is forgotten."""
        clone = self._ready.get(event.uuid)
        if clone is None:
            return False
        if event.state is State.DYING:
            del self._ready[event.uuid]
            self._fails((clone.source, clone.snapshot), event.detail or "its process has ended")
            self._tasks.start(self.give_up(clone), name=f"the end of {clone.entry.started.config.name}")
        return True

    def configure(self, *, enabled: bool) -> None:
        """Settings have changed: what was made with the old ones goes."""
        self.enabled = enabled
        self._tasks.start(self.end(), name="the end of warm clones")
        self.refill()

    def start(self) -> None:
        """Begin to make what is wanted. Called once it is known what runs."""
        self._tasks.start(self._run(), name="maker of warm clones")
        self._wake.set()

    async def close(self) -> None:
        """End all."""
        await self._tasks.close()
        self.enabled = False
        await self.end()
        await self._tidy()

    def _fails(self, wish: Wish, why: str) -> None:
        log.error("there are too few warm clones of %s: %s", self._name(wish[0]), why)
        self._problems[wish] = why
        self._look_again_later()

    def _look_again_later(self) -> None:
        """When a domain ends there may be room."""
        if self._waiting is None or self._waiting.done():
            self._waiting = self._tasks.start(self._until_one_ends(), name="watch over the host's memory")

    async def _until_one_ends(self) -> None:
        bus = self.lifecycle.bus
        while not bus.closed:
            with bus.listen() as listener:  # one that falls too far behind is ended, and begins anew
                async for event in listener:
                    if event.kind in _ENDS:
                        self._pushed_out = False
                        self.refill()
                        return

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._until_calm()
            await self._tidy()
            while (wish := self._missing()) is not None:
                images = self._images_of(*wish)
                task = self._tasks.start(self._try(wish, images), name=f"a warm clone of {self._name(wish[0])}")
                self._making = _Making(wish, task, images)
                await asyncio.wait({task})
                self._making = None
                await self._until_calm()
                await self._tidy()

    async def _until_calm(self) -> None:
        while self._stirred:
            self._stirred = False
            await self.sleep(_CALM)

    def _missing(self) -> Wish | None:
        """What is to be made next."""
        if not self.enabled or self._pushed_out or self.lifecycle.table.closed:
            return None
        for tree in self.trees.all():
            for each in tree.snapshots:
                wish = tree.uuid, each.id
                if self._count(each.id) < each.warm and wish not in self._problems:
                    return wish
        return None

    def _wanted(self) -> tuple[Snapshot, ...]:
        """The snapshots of which some are to be ready."""
        return tuple(each for tree in self.trees.all() for each in tree.snapshots if each.warm)

    def _keep_mapped(self) -> None:
        """Only while some may come does the memory that they share stay, whether there are some or not."""
        come = self.enabled and not self._pushed_out
        self.saves.files.keep_mapped({each.save_id for each in self._wanted()} if come else ())

    def _count(self, snapshot: str) -> int:
        return sum(each.snapshot == snapshot for each in self._ready.values())

    async def _tidy(self) -> None:
        """What is too much goes, and what is left of those that are gone."""
        self._keep_mapped()
        wanted = {each.id: each.warm for each in self._wanted()}
        await self._end(
            lambda each: (
                self._count(each.snapshot) > wanted.get(each.snapshot, 0) or each.folder != self._folder(each.source)
            )
        )
        for source in (*self._unswept, *self._taken):
            try:
                await self._sweep(source)
            except (XeniaError, OSError) as error:
                log.error("what is left of warm clones of %s is not removed: %s", self._name(source), error)

    async def _sweep(self, source: str) -> None:
        async with self.locks.of(lambda: self._name(source)):
            tree = self.trees.of(source)
            if taken := frozenset(self._taken.get(source, ())):
                tree = replace(tree, discarded=tuple(path for path in tree.discarded if path not in taken))
                await self.trees.note(tree)
                self._taken.pop(source)  # in whose turn others are taken, and we have it
            self._unswept.discard(source)
            try:
                await self.sweeping.sweep(tree)
            except BaseException:
                self._unswept.add(source)
                raise

    async def _try(self, wish: Wish, images: Mapping[str, str]) -> None:
        try:
            await self._make(wish, images)
        except (XeniaError, OSError) as error:
            self._fails(wish, str(error))

    async def _make(self, wish: Wish, images: Mapping[str, str]) -> None:
        source, uuid = wish[0], self.new_uuid()
        try:
            async with self.locks.of(lambda: self._name(source)):
                snapshot = by_id(self.trees.of(source), wish[1])
                if snapshot is None or not snapshot.warm:
                    return
                self._refuse_too_little(snapshot)
                await self.trees.save(discarding(self.trees.of(source), *images.values()))
                for layer in snapshot.layers:
                    await self.images.make(layer.path, layer.format, images[layer.target])
                if snapshot.variables:
                    await self.variables.put(uuid, snapshot.variables)
            folder = self._folder(source)
            entry = await self._hold(source, snapshot, uuid, folder, images)
        except BaseException:
            self._unswept.add(source)
            await self.variables.put(uuid, "")
            raise
        self._ready[uuid] = WarmClone(entry, source, snapshot.id, folder, images)

    async def _hold(self, source: str, snapshot: Snapshot, uuid: str, folder: str, images: Mapping[str, str]) -> Entry:
        own = {target: (path, DiskFormat.QCOW2) for target, path in images.items()}
        config = silent(config_of(snapshot.config, folder, self._unused_name(source), own))
        macs: tuple[str, ...] = ()
        for _ in config.vifs:
            macs += (self.new_mac(self._taken_macs().union(macs)),)

        def become(saved: Started) -> Started:
            return replace(saved, uuid=uuid, config=config, macs=macs, definition=Definition())

        return await self.saves.hold_from(Path(snapshot.memory), snapshot.save_id, become)

    def _refuse_too_little(self, snapshot: Snapshot) -> None:
        wanted = _ENOUGH * max(snapshot.config.memory, snapshot.config.max_memory or 0) << 20
        if self.available() < wanted:
            raise unavailable(
                f"the host has {self.available() >> 20} MiB of memory left, and {wanted >> 20} are to be there for one"
            )

    def _images_of(self, source: str, identity: str) -> Mapping[str, str]:
        snapshot, word = by_id(self.trees.of(source), identity), self.new_id()
        layers = snapshot.layers if snapshot is not None else ()
        return {layer.target: self.images.place(layer.path, word) for layer in layers}

    def _taken_macs(self) -> frozenset[str]:
        taken = {mac for record in self.lifecycle.records.all() for mac in record.macs}
        running = (entry.started for entry in self.lifecycle.table)
        return frozenset(taken.union(mac for each in (*running, *self.started) for mac in each.macs))

    def _name(self, source: str) -> str:
        """What a domain is called now."""
        entry, record = self.lifecycle.table.get(source), self.lifecycle.records.by_uuid(source)
        return entry.started.config.name if entry is not None else record.name if record is not None else source

    def _unused_name(self, source: str) -> str:
        """What no domain can be called: its logs have that name until it has one of its own."""
        names, number = {each.config.name for each in self.started}, 1
        while (name := f"{self._name(source)}@{number}") in names:
            number += 1
        return name

    def _folder(self, source: str) -> str:
        """Where relative paths of a domain begin."""
        entry = self.lifecycle.table.get(source)
        if entry is not None:
            return entry.started.definition.folder
        files = self.definitions.of(self._name(source))
        return Definition(files[0].file).folder if files else ""
